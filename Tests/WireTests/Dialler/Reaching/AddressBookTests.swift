import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryWire

@Suite struct AddressBookTests {
    private let clock = ManualClock()

    /// Asks as often as it takes for an answer to come.
    private func ask(_ book: AddressBook, _ name: String = "a") async -> [String] {
        await withCheckedContinuation { continuation in
            let answer = book.look(up: name, at: clock.monotonic) { continuation.resume(returning: $0) }
            switch answer {
            case .known(let addresses, _): continuation.resume(returning: addresses)
            case .unknown: continuation.resume(returning: [])
            case .asked: break
            }
        }.map(\.description)
    }

    @Test func oneQuestionServesAllWhoWait() async throws {
        let go = Latch()
        let resolver = ScriptedResolver { _ in
            try? await go.wait()
            return ["10.0.0.1"]
        }
        let book = AddressBook(resolver: resolver)
        let answers = Observed<[[IPAddress]]>([])
        for _ in 0..<100 {
            let answer = book.look(up: "a", at: clock.monotonic) { found in answers.change { $0.append(found) } }
            guard case .asked = answer else {
                Issue.record("an answer before there is one")
                continue
            }
        }
        go.open()
        let all = try await answers.wait("all answers") { $0.count == 100 }
        #expect(all.allSatisfy { $0.map(\.description) == ["10.0.0.1"] })
        #expect(resolver.asked.value == ["a"])
    }

    @Test func asksAgainBehindThoseWhoUseAnOldAnswer() async throws {
        let resolver = ScriptedResolver { question in ["10.0.0.\(question)"] }
        let book = AddressBook(resolver: resolver)
        #expect(await ask(book) == ["10.0.0.0"])
        clock.advance(29)
        #expect(await ask(book) == ["10.0.0.0"])
        #expect(resolver.asked.value.count == 1)
        clock.advance(2)
        #expect(await ask(book) == ["10.0.0.0"])
        try await wait(for: "the new answer") { await ask(book) == ["10.0.0.1"] }
        clock.advance(331)
        #expect(await ask(book) == ["10.0.0.2"])
        #expect(resolver.asked.value.count == 3)
    }

    @Test func keepsAnOldAnswerThroughAnOutage() async throws {
        let resolver = ScriptedResolver { question in question == 0 ? ["10.0.0.1"] : [] }
        let book = AddressBook(resolver: resolver)
        #expect(await ask(book) == ["10.0.0.1"])
        for _ in 0..<6 {
            clock.advance(50)
            #expect(await ask(book) == ["10.0.0.1"])
        }
        clock.advance(50)
        #expect(await ask(book) == [])
    }

    @Test func aNameThatLeadsNowhereIsLeftInPeaceForASecond() async throws {
        let resolver = ScriptedResolver { question in question == 0 ? [] : ["10.0.0.1"] }
        let book = AddressBook(resolver: resolver)
        #expect(await ask(book) == [])
        #expect(await ask(book) == [])
        #expect(resolver.asked.value.count == 1)
        clock.advance(1.1)
        #expect(await ask(book) == ["10.0.0.1"])
    }

    @Test func aPageThatWasTornOutIsWrittenAnew() async throws {
        let resolver = ScriptedResolver { question in ["10.0.0.\(question)"] }
        let book = AddressBook(resolver: resolver)
        #expect(await ask(book) == ["10.0.0.0"])
        book.tear(out: "a")
        #expect(await ask(book) == ["10.0.0.1"])
    }

    // SEC-701
    @Test func remembersNoMoreNamesThanItsBound() async throws {
        let book = AddressBook(resolver: ScriptedResolver("10.0.0.1"))
        for number in 0..<600 {
            clock.advance(0.001)
            _ = await ask(book, "name-\(number)")
        }
        #expect(book.instruments.value("gw_resolver_names") == 512)
        #expect(book.instruments.value("gw_resolver_names_limit") == 512)
        #expect(book.instruments.value("gw_resolver_questions_total") == 600)
    }

    // SEC-701
    @Test func noMoreThanItsBoundWait() async throws {
        let never = Latch()
        let book = AddressBook(
            resolver: ScriptedResolver { _ in
                try? await never.wait()
                return []
            }
        )
        for _ in 0..<AddressBook.waiters { _ = book.look(up: "a", at: clock.monotonic) { _ in } }
        guard case .unknown = book.look(up: "a", at: clock.monotonic, { _ in }) else {
            Issue.record("one more waits than may")
            return
        }
        never.open()
    }

    @Test func theSystemKnowsThisMachine() async throws {
        #expect(try await SystemResolver().addresses(of: "localhost").allSatisfy(\.isLoopback))
        await #expect(throws: ResolveFailure.self) { try await SystemResolver().addresses(of: "no-such-name.invalid") }
    }
}
