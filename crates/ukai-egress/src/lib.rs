//! Egress: the only component that fetches what attackers point to, under one policy.
