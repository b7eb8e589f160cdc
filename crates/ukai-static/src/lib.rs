//! Static analysis of samples: type, hashes, headers, strings, observables. Pure functions of bytes.
