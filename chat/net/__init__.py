"""HTTP/1.1 over blocking sockets: connecting, connections, pools, deadlines and cancellation."""
