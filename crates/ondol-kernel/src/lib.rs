//! Ids, versions, positions, time, money and the event envelope: the words every room shares.
