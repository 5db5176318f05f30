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
/// permit before a key is lent, and gives back a reservation that nobody settles. One corridor stands on each event
/// loop; where everything is known it is walked from end to end without a pause.
final class Corridor {
    private let rooms: Rooms
    private let tokens: VerifiedTokens
    private let worker: Worker

    init(rooms: Rooms, worker: Worker) {
        self.rooms = rooms
        self.worker = worker
        tokens = rooms.bearer.makeMemory()
    }

    /// Takes a call from its head to its entry in the journal.
    func walk(_ call: Call, _ head: RequestHead, _ body: RequestBody, _ reply: consuming Reply) async {
        var entry = Entry(call, at: rooms.clock.now)
        do throws(GateError) {
            let begun = try await begin(call, head, body, reply, &entry)
            await finish(begun, reply, &entry)
        } catch {
            let delivery = reply.refuse(error)
            entry.refused(error, delivery)
        }
        entry.bytesIn = body.received
        rooms.journal.enter(entry, loop: worker.index)
    }

    /// Decides, and begins the exchange. Nothing reaches a provider before all of this has said yes.
    private func begin(
        _ call: Call, _ head: RequestHead, _ body: RequestBody, _ reply: borrowing Reply, _ entry: inout Entry
    ) async throws(GateError) -> Begun {
        try ProtocolVersion.check(head)

        // Who is it? Nothing of the body has been read yet, and a stranger's never is.
        let identity = try await identify(call)
        entry.user = identity.pseudonym

        // May it? Only the charter can make a permit, and only a permit opens what follows.
        let permit = try rooms.charter.permit(identity, call)

        // How much? One request of the caller's rate and one slot; both come back on whichever path this ends.
        let reservation = try rooms.purse.reserve(permit, at: rooms.clock.monotonic)
        if let standing = reservation.standing { reply.addFields { $0.writeFields(of: standing) } }

        // Which model, at which provider? The body is read as far as that needs.
        let question = try await rooms.models.question(call, body, for: permit)
        entry.provider = question.provider
        entry.model = question.entry

        // With which key? Lent for this exchange alone. Then the question goes out.
        let key = try lend(question.credential, for: permit)
        let answer = try await rooms.models.ask(question, call, head, permit, key, client: body, on: worker)
        return Begun(reservation: reservation, answer: answer)
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
