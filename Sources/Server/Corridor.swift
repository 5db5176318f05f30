import OstiaryCharter
import OstiaryCore
import OstiaryIdentity
import OstiaryJournal
import OstiaryModels
import OstiaryPurse
import OstiaryVault
import OstiaryWire

/// The order of decisions: **Call → Identity → Permit → Reservation → Exchange → Entry**.
///
/// Every request behind a credential walks through here, in this order and by no other way: the compiler asks for the
/// permit before a key is lent, and a reservation that nobody settles gives itself back and is counted as a fault. One
/// corridor stands on each event loop and leads through one set of rooms, from a request's beginning to its end.
final class Corridor {
    let rooms: Rooms
    fileprivate let tokens: VerifiedTokens
    fileprivate let worker: Worker
    fileprivate let readers = BodyReaders()

    init(rooms: Rooms, worker: Worker, tokens: VerifiedTokens) {
        self.rooms = rooms
        self.worker = worker
        self.tokens = tokens
    }

    /// Takes a call from its head to its entry in the journal: one answer, one entry, whatever happens.
    func walk(_ call: Call, _ head: RequestHead, _ body: RequestBody, _ reply: consuming Reply) {
        Walk(self, call, head, body, reply).begin()
    }
}

/// One call's walk, step after step from top to bottom. Each step ends by taking the next one; a step that has to wait
/// for something says so, and the next is taken when it is there. Where everything is known nothing waits: then the
/// walk goes to the provider and back without a task, which is a quarter of what a request costs.
private final class Walk: Asker {
    private let corridor: Corridor
    private let call: Call
    private let head: RequestHead
    private let body: RequestBody
    private var reply: Reply?
    private var reservation: Reservation?
    private var askedAt: MonotonicTime?
    private var entry: Entry

    private var rooms: Rooms { corridor.rooms }

    init(
        _ corridor: Corridor,
        _ call: Call,
        _ head: RequestHead,
        _ body: RequestBody,
        _ reply: consuming Reply
    ) {
        self.corridor = corridor
        self.call = call
        self.head = head
        self.body = body
        self.reply = consume reply
        entry = Entry(call, at: corridor.worker.date)
        corridor.rooms.journal.metrics.inFlight.add(1)
    }

    deinit {
        rooms.journal.metrics.inFlight.add(-1)
    }

    /// Who is it? A caller whose token was seen before is known without waiting.
    func begin() {
        attempt { () throws(GateError) in
            try ProtocolVersion.check(head)
            if let identity = try recognise() { return try admit(identity) }
            wait { () async throws(GateError) in
                try await self.identify()
            } then: { (identity) throws(GateError) in
                try self.admit(identity)
            }
        }
    }

    /// May it? How much? Decided by the head alone: nothing of the body has been read yet, and a stranger's never is.
    private func admit(_ identity: Identity) throws(GateError) {
        entry.user = identity.pseudonym
        // Only the charter can make a permit, and only a permit opens what follows.
        let permit = try rooms.charter.permit(identity, call)
        if call.method == .post { try MediaType.check(head) }

        // One request of the caller's rate and one slot; the slot comes back on whichever path this ends.
        let reservation = try rooms.purse.reserve(permit, at: corridor.worker.now)
        if let standing = reservation.standing { tell(standing) }
        self.reservation = consume reservation
        // What was handed on to be used so often is used now, whatever becomes of the request.
        if permit.route.kind == .chat { try rooms.usage.take(identity.usageLimits, now: corridor.worker.date) }

        // Which model, at which provider? The body is read as far as that needs.
        let question = try rooms.models.questionAtHand(
            call,
            body,
            for: permit,
            reading: corridor.readers,
            at: corridor.worker.now
        )
        if let question { return try ask(question, permit) }
        wait { () async throws(GateError) in
            try await self.rooms.models.question(self.body, for: permit.route, at: self.corridor.worker.now)
        } then: { (question) throws(GateError) in
            try self.ask(question, permit)
        }
    }

    /// With which key? Lent for this exchange alone. Then the question goes out.
    private func ask(_ question: Question, _ permit: Permit) throws(GateError) {
        entry.provider = question.provider
        entry.model = question.entry
        if let model = question.model { try rooms.charter.check(permit, model: model) }
        let key = try lend(question.credential, for: permit)
        askedAt = corridor.worker.now
        rooms.models.ask(question, call, head, permit, key, client: body, on: corridor.worker, for: self)
    }

    /// The answer begins and goes to the client as it comes.
    func answered(_ answer: consuming ModelAnswer) {
        guard let reply = reply.take() else { return }
        askedAt = answer.askedAt
        answer.carry(to: reply, reading: corridor.readers, clock: rooms.clock, for: self)
    }

    /// The answer has come to its end: the slot goes back, and what was used is noted.
    func carried(_ carried: Carried) {
        entry.answered(carried, askedAt: askedAt, received: body.received, isConversation: isConversation)
        finish()
    }

    /// The provider of the question has failed, and another one is asked.
    func goes(to provider: String) { entry.provider = provider }

    /// With which key? As for the first one.
    func lendKey(of provider: String, for permit: Permit) throws(GateError) -> Loan? {
        try lend(provider, for: permit)
    }

    /// There is no answer.
    func failed(_ error: GateError) {
        // A provider that fails has taken its time too.
        if error.source == .upstream, let askedAt {
            entry.upstreamDuration = corridor.worker.now.seconds(since: askedAt)
        }
        // The provider has read the question all the same.
        if error.code == .clientGone, askedAt != nil, isConversation {
            entry.usage = .ofQuestion(bytes: body.received)
            entry.isUsageEstimated = true
        }
        refuse(error)
    }

    /// Whether a model is talked to, which uses tokens whatever becomes of it.
    private var isConversation: Bool {
        guard let api = call.route?.api else { return false }
        return call.route?.kind == .chat && api != .tokenCount
    }

    private func refuse(_ error: GateError) {
        if let standing = error.standing { tell(standing) }
        guard let reply = reply.take() else { return }
        entry.refused(error, reply.refuse(error, to: call))
        finish()
    }

    private func finish() {
        if let reservation = reservation.take() { reservation.settle() }
        entry.bytesIn = body.received
        rooms.journal.enter(entry, loop: corridor.worker.index)
    }

    /// What is left of the caller's rate, in whatever answer this becomes.
    private func tell(_ standing: RateStanding) {
        reply?.addFields { $0.writeFields(of: standing, for: call.family, at: corridor.worker.date) }
    }

    // MARK: Waiting and refusing

    private func attempt(_ step: () throws(GateError) -> Void) {
        do throws(GateError) { try step() } catch { refuse(error) }
    }

    /// Goes on with `next` when `operation` has what it needs.
    private func wait<Value>(
        for operation: @escaping () async throws(GateError) -> Value,
        then next: @escaping (Value) throws(GateError) -> Void
    ) {
        body.run { [self] in
            do throws(GateError) {
                let value = try await operation()
                try next(value)
            } catch {
                refuse(error)
            }
        }
    }

    private func recognise() throws(GateError) -> Identity? {
        do throws(GateError) {
            // A token decides where there is one; a certificate speaks only for a call without.
            if call.credential == nil, call.certificate != nil, let certificates = rooms.certificates {
                return try certificates.known(call, now: corridor.worker.date)
            }
            return try rooms.bearer.known(
                call,
                corridor.tokens,
                now: corridor.worker.date,
                at: corridor.worker.now
            )
        } catch {
            throw noted(error)
        }
    }

    private func identify() async throws(GateError) -> Identity {
        do throws(GateError) {
            return try await rooms.bearer.identify(call, remembering: corridor.tokens)
        } catch {
            throw noted(error)
        }
    }

    /// A failed authentication counts against the address it came from, so that guessing is slow: from some number on
    /// the client hears of that instead.
    private func noted(_ error: GateError) -> GateError {
        // Two callers in one request leave no one to believe; nothing more is read from this connection.
        if error.code == .invalidRequest { reply?.endConnection() }
        guard error.status == 401 else { return error }
        do throws(GateError) {
            try rooms.failures.note(call.peer, call.credential, at: corridor.worker.now)
            return error
        } catch {
            return error
        }
    }

    private func lend(_ name: String?, for permit: Permit) throws(GateError) -> Loan? {
        guard let name else { return nil }
        return try rooms.vault.lend(name, for: permit)
    }
}
