import OstiaryCore
import Testing

private final class Account: ReservationAccount {
    let settled = Counter()
    let forgotten = Counter()

    func settle(_ holder: Pseudonym) { settled.increment() }
    func giveBackForgotten(_ holder: Pseudonym) { forgotten.increment() }
}

private func reservation(_ account: Account) -> Reservation {
    Reservation(account: account, holder: Pseudonym(high: 1, low: 2), standing: nil)
}

@Test func settlesOnceAndIsNotForgotten() {
    let account = Account()
    reservation(account).settle()
    #expect(account.settled.current == 1)
    #expect(account.forgotten.current == 0)
}

@Test func comesBackWhenForgotten() {
    let account = Account()
    do { _ = reservation(account) }
    #expect(account.settled.current == 0)
    #expect(account.forgotten.current == 1)
}

@Test func comesBackWhenAnErrorUnwindsPastIt() {
    struct Fault: Error {}
    func fail(_ account: Account) throws {
        let held = reservation(account)
        guard account.settled.current > 0 else { throw Fault() }
        held.settle()
    }
    let account = Account()
    #expect(throws: Fault.self) { try fail(account) }
    #expect(account.forgotten.current == 1)
}
