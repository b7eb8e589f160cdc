//! Tests of the hub as a whole, through its API.
