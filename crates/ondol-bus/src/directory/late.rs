//! A feed that is looked up whenever it is read.

use std::sync::Arc;

use async_trait::async_trait;

use super::Directory;
use crate::{Feed, FeedError, FeedPage, ReadFeed};

#[derive(Debug)]
pub(super) struct LateFeed {
    service: String,
    directory: Arc<Directory>,
}

impl LateFeed {
    pub(super) fn new(service: &str, directory: Arc<Directory>) -> Self {
        Self { service: service.to_owned(), directory }
    }
}

#[async_trait]
impl Feed for LateFeed {
    async fn read(&self, read: ReadFeed) -> Result<FeedPage, FeedError> {
        let service = || self.service.clone();
        let feed = self.directory.feed_now(&self.service);
        let feed = feed.ok_or_else(|| FeedError::NoSuchFeed { service: service() })?;
        feed.read(read).await
    }
}
