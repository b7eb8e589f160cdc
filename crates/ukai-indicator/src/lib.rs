//! Scoring: events and analyses become indicators with role, confidence, evidence and expiry.
