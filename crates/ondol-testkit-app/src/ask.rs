//! Asking things of the business: what has happened before, commands, states, events, views.

use ondol_domain::{Aggregate, Codec, View};
use ondol_doors::Rng;
use ondol_kernel::{CommandId, Envelope, Id, Metadata, NewEvent, Position, StreamId, Version};
use ondol_runtime::{
    Answer, Desk, HandleError, Question, Request, Running, Standing, ViewReader, error_chain,
};
use ondol_store::{Append, Expected, ReadAll};

use crate::drive::fail;
use crate::{Answered, TestApp};

/// Documents, and events, that are read at a time.
const PAGE: usize = 1_000;

impl TestApp {
    /// This has happened to a thing before, and was recorded by nobody's command.
    ///
    /// # Panics
    /// When it cannot have happened.
    #[track_caller]
    pub fn given<A: Aggregate>(&self, key: &str, events: impl IntoIterator<Item = A::Event>) {
        let (store, stands) =
            (&self.service_of::<A>().home().ground.store, self.standing::<A>(key));
        let events: Vec<_> = events.into_iter().collect();
        if let Err(impossible) = events.iter().try_fold(stands.state, A::evolve) {
            fail(&format!("what is given cannot have happened: {impossible}"));
        }
        let codec = Codec::<A::Event>::of::<A>().expect("the desk is open, so its events are well");
        let records = events.iter().map(|event| self.record::<A>(&codec, event)).collect();
        let stream = StreamId::new(A::KIND, key).expect("the thing was loaded by this key");
        let append = Append::to(stream, Expected::Exactly(stands.version), records);
        let appended = self.run(store.append(append));
        if let Err(error) = appended {
            fail(&format!("what is given cannot be recorded: {}", error_chain(&error)));
        }
        self.settle();
    }

    fn record<A: Aggregate>(&self, codec: &Codec<A::Event>, event: &A::Event) -> NewEvent {
        let written = codec.encode(event).expect("an event can be written");
        NewEvent {
            id: self.any_id(),
            event_type: written.event_type,
            schema_version: written.schema_version,
            metadata: Metadata { time: self.now(), tags: A::tags(event), ..Metadata::default() },
            data: written.payload,
        }
    }

    /// Sends a command, as from outside and under a new id, and goes on until it is answered.
    ///
    /// # Panics
    /// When no answer could be had. A refusal is an answer.
    #[track_caller]
    pub fn send<A: Aggregate>(&self, key: &str, command: A::Command) -> Answered<A> {
        let request = Request::new(self.command_id());
        match self.try_send(key, command, &request) {
            Ok(answer) => Answered { answer },
            Err(error) => fail(&format!("no answer could be had: {}", error_chain(&error))),
        }
    }

    /// Sends a command as a request says: once more under the same id, on conditions, from
    /// inside the house.
    ///
    /// # Errors
    /// When no answer could be had.
    #[track_caller]
    pub fn try_send<A: Aggregate>(
        &self,
        key: &str,
        command: A::Command,
        request: &Request,
    ) -> Result<Answer<A>, HandleError> {
        let desk = self.desk::<A>();
        self.run(desk.handle(key, command, request))
    }

    /// A new id for a command.
    pub fn command_id(&self) -> CommandId {
        self.any_id()
    }

    fn any_id<Of: ?Sized>(&self) -> Id<Of> {
        let rng: &dyn Rng = self.rng.as_ref();
        rng.id(self.now())
    }

    /// How a thing stands.
    ///
    /// # Panics
    /// When it cannot be said.
    #[track_caller]
    pub fn standing<A: Aggregate>(&self, key: &str) -> Standing<A> {
        match self.run(self.desk::<A>().standing(key)) {
            Ok(standing) => standing,
            Err(error) => fail(&format!("{key:?} cannot be loaded: {}", error_chain(&error))),
        }
    }

    /// What has happened to a thing, once everything is settled.
    ///
    /// # Panics
    /// When it cannot be read.
    #[track_caller]
    pub fn history<A: Aggregate>(&self, key: &str) -> Vec<A::Event> {
        self.settle();
        let desk = self.desk::<A>();
        let (mut all, mut from) = (Vec::new(), Version::EMPTY.next());
        loop {
            let page = match self.run(desk.history(key, from, PAGE)) {
                Ok(page) => page,
                Err(error) => fail(&format!("{key:?} cannot be read: {}", error_chain(&error))),
            };
            let Some(last) = page.last() else { return all };
            from = last.version.next();
            all.extend(page.into_iter().map(|event| event.data));
        }
    }

    /// Everything in the log of a service, once everything is settled.
    ///
    /// # Panics
    /// When there is no such service, or its log cannot be read.
    #[track_caller]
    pub fn log(&self, service: &str) -> Vec<Envelope> {
        self.settle();
        let store = &self.service(service).home().ground.store;
        let mut all: Vec<Envelope> = Vec::new();
        loop {
            let after = all.last().map_or(Position::START, |event| event.position);
            let page = match self.run(store.read_all(ReadAll::after(after, PAGE))) {
                Ok(page) => page,
                Err(error) => fail(&format!("the log cannot be read: {}", error_chain(&error))),
            };
            if page.events.is_empty() {
                return all;
            }
            all.extend(page.events);
        }
    }

    /// A document of a view, once everything is settled.
    ///
    /// # Panics
    /// When it cannot be read.
    #[track_caller]
    pub fn view<V: View>(&self, key: &str) -> Option<V> {
        self.settle();
        match self.run(self.reader::<V>().get(key)) {
            Ok(found) => found.map(|found| found.state),
            Err(error) => fail(&format!("{key:?} cannot be read: {}", error_chain(&error))),
        }
    }

    /// All documents of a view by their keys, once everything is settled.
    ///
    /// # Panics
    /// When they cannot be read.
    #[track_caller]
    pub fn documents<V: View>(&self) -> Vec<(String, V)> {
        self.settle();
        let (reader, mut all, mut after) = (self.reader::<V>(), Vec::new(), None);
        loop {
            let page = match self.run(reader.ask(Question::all(PAGE).after(after))) {
                Ok(page) => page,
                Err(error) => fail(&format!("the view cannot be read: {}", error_chain(&error))),
            };
            let found = page.documents.into_iter();
            all.extend(found.map(|found| (found.key.as_str().to_owned(), found.state)));
            after = page.next;
            if after.is_none() {
                return all;
            }
        }
    }

    /// Where commands for the things of one kind are taken, in whichever service that is.
    ///
    /// # Panics
    /// When no service takes any.
    #[track_caller]
    pub fn desk<A: Aggregate>(&self) -> Desk<A> {
        self.service_of::<A>().desk().expect("it was chosen for its desk")
    }

    /// Where the documents of a view are read, in whichever service that is.
    ///
    /// # Panics
    /// When no service folds it.
    #[track_caller]
    pub fn reader<V: View>(&self) -> ViewReader<V> {
        let found = self.stage().services.iter().find_map(|running| running.view().ok());
        found.unwrap_or_else(|| fail(&format!("no service folds the view {:?}", V::NAME)))
    }

    #[track_caller]
    fn service_of<A: Aggregate>(&self) -> &Running {
        let mut services = self.stage().services.iter();
        let found = services.find(|running| running.desk::<A>().is_ok());
        found.unwrap_or_else(|| fail(&format!("no service takes commands for a {}", A::KIND)))
    }
}
