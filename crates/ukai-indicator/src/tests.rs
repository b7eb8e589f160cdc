//! Scoring, guarding and selecting, as a reader of feeds meets them.
