//! Breaker, bulkhead, retry, deadline, limit, hedge, balance: the patterns as tower layers.
