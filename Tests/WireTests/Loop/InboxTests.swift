import Testing

@testable import OstiaryWire

@Suite struct InboxTests {
    @Test func wakesOnceForAllThatComesBeforeItLooks() {
        let inbox = Inbox()
        #expect(inbox.put(.nothing) == .takenFirst)
        for _ in 0..<100 { #expect(inbox.put(.nothing) == .taken) }
        #expect(inbox.take().count == 101)
        #expect(inbox.put(.nothing) == .takenFirst)
        #expect(inbox.take().count == 1)
    }

    @Test func letsOneAtATimeStandInForALoopThatHasLeft() {
        let inbox = Inbox()
        _ = inbox.put(.nothing)
        #expect(inbox.takeOrLeave()?.count == 1)
        #expect(inbox.put(.nothing) == .taken)
        #expect(inbox.takeOrLeave()?.count == 1)
        #expect(inbox.takeOrLeave()?.count == nil)
        #expect(inbox.put(.nothing) == .takenByNobody)
        #expect(inbox.put(.nothing) == .taken)
        #expect(inbox.takeOrLeave()?.count == 2)
        #expect(inbox.takeOrLeave()?.count == nil)
    }
}
