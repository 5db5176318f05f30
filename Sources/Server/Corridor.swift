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
/// corridor stands on each event loop and leads through one set of rooms, from a request's beginning to its end; where
/// everything is known it is walked from end to end without a pause.
final class Corridor {
    let rooms: Rooms
    private let tokens: VerifiedTokens
    private let worker: Worker

    init(rooms: Rooms, worker: Worker, tokens: VerifiedTokens) {
        self.rooms = rooms
        self.worker = worker
        self.tokens = tokens
    }

    /// Takes a call from its head to its entry in the journal: one answer, one entry, whatever happens.
    func walk(_ call: Call, _ head: RequestHead, _ body: RequestBody, _ reply: consuming Reply) async {
        var entry = Entry(call, at: rooms.clock.now)
        do throws(GateError) {
            let permit = try await admit(call, head, &entry)
            let begun = try await begin(call, head, body, permit, reply, &entry)
            await finish(begun, reply, &entry)
        } catch {
            entry.refused(error, reply.refuse(error))
        }
        entry.bytesIn = body.received
        rooms.journal.enter(entry, loop: worker.index)
    }

    /// Decides by the head alone. Nothing of the body has been read yet, and a stranger's never is.
    private func admit(_ call: Call, _ head: RequestHead, _ entry: inout Entry) async throws(GateError) -> Permit {
        try ProtocolVersion.check(head)

        // Who is it?
        let identity = try await identify(call)
        entry.user = identity.pseudonym

        // May it? Only the charter can make a permit, and only a permit opens what follows.
        let permit = try rooms.charter.permit(identity, call)
        if call.method == .post { try MediaType.check(head) }
        return permit
    }

    /// Sets aside what the exchange may use, and begins it.
    private func begin(
        _ call: Call,
        _ head: RequestHead,
        _ body: RequestBody,
        _ permit: Permit,
        _ reply: borrowing Reply,
        _ entry: inout Entry
    ) async throws(GateError) -> Begun {
        // How much? One request of the caller's rate and one slot; the slot comes back on whichever path this ends.
        let reservation = try rooms.purse.reserve(permit, at: rooms.clock.monotonic)
        if let standing = reservation.standing { reply.addFields { $0.writeFields(of: standing) } }
        do throws(GateError) {
            let answer = try await ask(call, head, body, permit, &entry)
            return Begun(reservation: reservation, answer: answer)
        } catch {
            reservation.settle()
            throw error
        }
    }

    /// Puts the question to its provider, and returns when the answer begins.
    private func ask(
        _ call: Call,
        _ head: RequestHead,
        _ body: RequestBody,
        _ permit: Permit,
        _ entry: inout Entry
    ) async throws(GateError) -> ModelAnswer {
        // Which model, at which provider? The body is read as far as that needs.
        let question = try await rooms.models.question(call, body, for: permit)
        entry.provider = question.provider
        entry.model = question.entry

        // With which key? Lent for this exchange alone. Then the question goes out.
        let key = try lend(question.credential, for: permit)
        let askedAt = rooms.clock.monotonic
        do throws(GateError) {
            return try await rooms.models.ask(question, call, head, permit, key, client: body, on: worker)
        } catch {
            // A provider that fails has taken its time too.
            if error.source == .upstream { entry.upstreamDuration = rooms.clock.monotonic.seconds(since: askedAt) }
            throw error
        }
    }

    /// Carries the answer to its end, gives the slot back, and notes what was used.
    private func finish(_ begun: consuming Begun, _ reply: consuming Reply, _ entry: inout Entry) async {
        let askedAt = begun.answer.askedAt
        let carried = await begun.answer.carry(to: reply, clock: rooms.clock)
        begun.reservation.settle()
        entry.answered(carried, askedAt: askedAt)
    }

    /// A failed authentication counts against the address it came from, so that guessing is slow.
    private func identify(_ call: Call) async throws(GateError) -> Identity {
        do throws(GateError) {
            return try await rooms.bearer.identify(call, remembering: tokens)
        } catch {
            if error.status == 401 { try rooms.failures.note(call.peer, at: rooms.clock.monotonic) }
            throw error
        }
    }

    private func lend(_ name: String?, for permit: Permit) throws(GateError) -> Loan? {
        guard let name else { return nil }
        return try rooms.vault.lend(name, for: permit)
    }

    /// An exchange that has begun, and what was set aside for it.
    private struct Begun: ~Copyable {
        let reservation: Reservation
        let answer: ModelAnswer
    }
}
