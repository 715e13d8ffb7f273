// What follow.c and follow_link.c share.
#pragma once

#include "proto/client/client.h"

// An EVENTS or LOST message that has arrived, checked whole.
struct follow_message {
    struct list link;
    zmq_msg_t payload;
    struct events_lost lost; // of LOST, which has no events; first is 0 in others
    struct events_head head;
    struct cursor events; // those not handed out
    uint32_t left;
};

void follow_message_free(struct follow_message *message); // accepts NULL

// Drops what has arrived and was not handed out.
void follow_forget_arrived(struct follow *follow);

// Connects and opens where need be, and takes one message in, if there is one: 1; 0; -1 with error.
int follow_receive(struct telex_client *client, struct telex_error *error);

// One wait. 1: look again; 0: the deadline has passed; -1 with error; -2: a signal came.
int follow_pause(struct telex_client *client, int64_t deadline, struct telex_error *error);

// For the subscription: so much more credit, the cursor's place. 0 or -1 with error.
int follow_send_number(struct telex_client *client, enum frame_kind kind, uint64_t number,
                       size_t bytes, struct telex_error *error);
int follow_send_seen(struct telex_client *client, struct telex_error *error);
