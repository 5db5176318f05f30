import OstiaryCore
import OstiaryIdentity
import OstiaryJournal
import OstiaryModels
import OstiaryPurse
import OstiaryVault
import OstiaryWire
import Synchronization

/// Reloads the configuration of a running gate: reads it as at start, checks it whole, has every secret and every
/// socket in hand, and only then moves the house. Whatever is missing, nothing changes.
///
/// One reload at a time. Those that are asked for meanwhile wait and are answered by one more, which reads what is there
/// when it begins; beyond `mostWaiting` they are turned away.
final class Reloading: Sendable {
    static let mostWaiting = 64

    private struct Waiter {
        let order: ReloadOrder
        let answer: CheckedContinuation<ReloadReport, Never>
    }

    private struct State {
        var isBusy = false
        var waiting: [Waiter] = []
        var maintenance: Task<Void, Never>?
    }

    private let site: Furnishing.Site
    private let house: House
    private let floors: PerLoop<Floor>
    private let entrances: Entrances
    private let style: LogStyle
    private let read: Configuration.Reader
    private let figures = ReloadFigures()
    private let state = Mutex(State())

    /// - Parameter read: reads the configuration as at start.
    init(
        _ site: Furnishing.Site,
        _ house: House,
        _ floors: PerLoop<Floor>,
        _ entrances: Entrances,
        _ style: LogStyle,
        read: @escaping Configuration.Reader
    ) {
        self.site = site
        self.house = house
        self.floors = floors
        self.entrances = entrances
        self.style = style
        self.read = read
        maintain(house.current)
    }

    var instruments: [Instrument] {
        figures.instruments(house, roomsInUse: site.roomsInUse) + [
            Instrument("gw_reloads_waiting", .gauge, "Reloads that wait for another; at most \(Self.mostWaiting).") {
                [weak self] in Double(self?.waiting ?? 0)
            }
        ]
    }

    /// How many were asked for and have not begun.
    var waiting: Int { state.withLock { $0.waiting.count } }

    /// Nothing is kept fresh from here on.
    func stop() {
        state.withLock { $0.maintenance?.cancel() }
    }

    // MARK: One after the other

    /// Reloads, and returns when all of it has happened.
    func reload(_ order: ReloadOrder = ReloadOrder()) async -> ReloadReport {
        let report = await withCheckedContinuation { answer in
            let (begins, isTurnedAway) = state.withLock { state -> (Bool, Bool) in
                guard state.waiting.count < Self.mostWaiting else { return (false, true) }
                state.waiting.append(Waiter(order: order, answer: answer))
                defer { state.isBusy = true }
                return (!state.isBusy, false)
            }
            if isTurnedAway { answer.resume(returning: turnedAway("too many reloads are waiting already")) }
            // A task of its own, on no loop: reading files may block.
            if begins { Task.detached { [self] in await work() } }
        }
        figures.count(report.outcome)
        return report
    }

    private func work() async {
        while let (order, answers) = next() {
            let began = site.clock.monotonic
            var report = await perform(order)
            report.seconds = site.clock.monotonic.seconds(since: began)
            site.journal.tell(report, isDryRun: order.isDryRun)
            for answer in answers { answer.resume(returning: report) }
        }
    }

    /// The oldest order and everybody who waits for the same.
    private func next() -> (ReloadOrder, [CheckedContinuation<ReloadReport, Never>])? {
        state.withLock { state in
            guard let order = state.waiting.first?.order else {
                state.isBusy = false
                return nil
            }
            let answers = state.waiting.filter { $0.order == order }.map(\.answer)
            state.waiting.removeAll { $0.order == order }
            return (order, answers)
        }
    }

    private func turnedAway(_ reason: String) -> ReloadReport {
        var report = ReloadReport(.turnedAway, house.current.generation)
        report.reason = reason
        return report
    }

    // MARK: One reload

    private func perform(_ order: ReloadOrder) async -> ReloadReport {
        guard !house.isClosing else { return turnedAway("the gate is going down") }
        let former = house.current
        do throws(Configuration.Faults) {
            let standing = former.generation.configuration
            let wanted = order.keepsConfiguration ? standing : try read(site.variables.shown)
            do throws(Running.Failure) {
                return try await apply(wanted, after: former, order)
            } catch {
                var report = ReloadReport(.failed, former.generation)
                report.reason = error.sentence
                report.hint = error.hint
                return report
            }
        } catch {
            var report = ReloadReport(.refused, former.generation)
            report.faults = error.all
            return report
        }
    }

    private func apply(
        _ wanted: Configuration,
        after former: Rooms,
        _ order: ReloadOrder
    ) async throws(Running.Failure) -> ReloadReport {
        let before = former.generation.configuration
        let (settled, unknown) = await Probing(site.crew, site.book).settle(wanted, after: before)
        let (next, waiting) = before.succeeded(by: settled)
        try next.checkDoors(site.mode)
        var furnishing = Furnishing(site, next, after: former)
        let rooms = try furnishing.rooms(waiting: waiting)
        guard !order.isDryRun else {
            var report = ReloadReport(.good, former.generation)
            report.setChanged(next.changes(from: before))
            report.waiting = waiting
            report.warnings = furnishing.remarks.map(\.text)
            return report
        }
        // As at start: those who can be known shall be, and an issuer's outage is no reason to stop.
        if rooms.verifier !== former.verifier { await rooms.verifier.primeMissing() }
        site.journal.tell(missing: await rooms.vault.prime())
        let move = try await entrances.prepare(from: before, to: next)
        guard let left = entrances.make(move, to: next, if: { moveIn(rooms) }) else {
            await entrances.abandon(move)
            return turnedAway("the gate is going down")
        }
        await settle(rooms, after: former)
        rooms.keys?.refresh(site.journal)
        rooms.revocations?.refresh(site.journal)
        await entrances.leave(left, clock: site.clock)
        entrances.refreshTLS()

        var report = ReloadReport(.applied, rooms.generation)
        report.setChanged(next.changes(from: before))
        let silent = unknown.map { Remark.saysNothing($0) }
        for remark in silent + furnishing.remarks + move.remarks + (await refreshKeys(rooms, order)) {
            site.journal.warn(remark)
            report.warnings.append(remark.text)
        }
        return report
    }

    /// The one moment: what begins from now on begins in these rooms.
    private func moveIn(_ rooms: Rooms) -> Bool {
        guard !house.isClosing else { return false }
        let now = site.clock.monotonic
        rooms.purse.takeOver(at: now)
        rooms.failures.takeOver(at: now)
        house.move(into: rooms)
        let journal = rooms.generation.configuration.journal
        style.change(format: journal.format, level: journal.least)
        return true
    }

    /// What follows from the move.
    private func settle(_ rooms: Rooms, after former: Rooms) async {
        for (name, provider) in former.providers where rooms.providers[name] !== provider { provider.leave() }
        await floors.forEach { floor, worker in
            floor.renew()
            worker.dialler.closeLeft()
        }
        site.journal.show(rooms.instruments)
        maintain(rooms)
        site.variables.hide(rooms.generation.configuration.secretVariables)
    }

    /// Key sets in files are part of what the operator has changed; those of issuers are read anew when that is wished.
    private func refreshKeys(_ rooms: Rooms, _ order: ReloadOrder) async -> [Remark] {
        var remarks: [Remark] = []
        let issuers = rooms.generation.configuration.identity.jwt
        func name(_ index: Int) -> String { issuers.indices.contains(index) ? issuers[index].issuer ?? "" : "" }
        let failed = await rooms.verifier.reread(filesOnly: !order.readsKeys)
        for index in failed {
            remarks.append(
                Remark("a key set could not be read; the one of before stays", ["issuer": name(index)])
            )
        }
        for (index, status) in rooms.verifier.keySets.enumerated() where status.usable == 0 {
            remarks.append(
                Remark("an issuer has no usable key: its callers get 503 until it has", ["issuer": name(index)])
            )
        }
        return remarks
    }

    private func maintain(_ rooms: Rooms) {
        let (verifier, workloads, vault) = (rooms.verifier, rooms.workloads, rooms.vault)
        let next = Task.detached {
            async let others: Void? = workloads?.maintain()
            async let keys: Void = vault.maintain()
            await verifier.maintain()
            _ = await (others, keys)
        }
        state.withLock { state in
            state.maintenance?.cancel()
            state.maintenance = next
        }
    }
}
