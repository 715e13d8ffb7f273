// Inside of proc.h, shared by proc.c (its life), proc_talk.c (its frames) and proc_spawn.c (its
// start).
#pragma once

#include "daemon/last_words.h"
#include "daemon/proc.h"
#include "daemon/worker_reader.h"

enum { PROC_STDERR_BYTES = 4096 };

enum proc_state {
    PROC_STARTING, // until HELLO
    PROC_READY,
    PROC_RETIRING, // finishes its jobs, gets no more
    PROC_LEAVING,  // its stdin is closed
    PROC_KILLED,   // SIGKILL was sent; its output is no longer looked at
    PROC_ENDED,
};

struct proc_job {
    uint64_t offset;
    bool taken_back; // its answer is passed over
};

struct proc {
    struct list link;
    struct proc_options options; // the texts are not kept
    enum proc_state state;
    uv_process_t process;
    uv_pipe_t in, out, err;
    uv_timer_t timer;
    unsigned open; // handles whose close callback has not been called

    struct proc_job *jobs; // ring of options.window, the oldest at `first`
    unsigned first, count;
    unsigned back; // of them taken back

    struct worker_reader reader;
    struct last_words words;
    char stderr_bytes[PROC_STDERR_BYTES];
    char lexicon[64];
    char reason[256]; // why it was killed; empty when it was not
    struct proc_end end;

    uint64_t ping;
    bool pinged; // PING is not answered
    bool paused;
    bool late;      // a deadline has passed; one more turn of the loop
    bool stalled;   // on one job for long
    bool in_failed; // it does not read any more; what it wrote is still looked at
    bool exited, out_done, err_done;
    int64_t exit_status;
    int exit_signal;
};

// proc.c: sets the one timer to what is waited for now.
void proc_arm(struct proc *proc);

// proc.c: SIGKILL, with the reason for the last words. Nothing when it is killed already.
void proc_kill(struct proc *proc, const char *format, ...) __attribute__((format(printf, 2, 3)));

// proc.c: takes the oldest job off; there is one.
struct proc_job proc_pop_job(struct proc *proc);

// proc.c: closes its stdin; it is to exit by itself.
void proc_leave(struct proc *proc);

// proc.c: everything it wrote has been read, or will not be.
void proc_output_done(struct proc *proc);
void proc_stderr_done(struct proc *proc);

// proc_talk.c: begins to read what it says; stops; goes on with what is buffered.
void proc_talk_start(struct proc *proc);
void proc_talk_pause(struct proc *proc);
void proc_talk_resume(struct proc *proc);
void proc_send_ping(struct proc *proc);

// proc_spawn.c: runs the program with the three pipes. 0 or a negative errno of libuv.
int proc_spawn(struct proc *proc, const struct proc_options *options, uv_exit_cb exit_cb);
