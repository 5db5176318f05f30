import Foundation
import OstiaryTesting
import Testing

@testable import OstiaryServer

/// The whole gate against `vectors/http1`, each case on a fresh connection and on one that has served a good request.
@Suite(.enabled(if: Vectors.has("http1"), Comment(rawValue: Vectors.comment("http1"))))
struct HTTP1VectorTests {
    typealias Case = HTTP1Vectors.Case

    /// What a case did: the answers, how the connection ended, what reached the provider.
    private struct Outcome {
        var answers: [RawMessage] = []
        var ending: RawConnection.Ending?
        var leftOver: [UInt8] = []
        var forwarded: [RawMessage] = []

        var status: Int? { answers.first?.status }
        var summary: String {
            "answers \(answers.map(\.status)), ending \(ending.map { "\($0)" } ?? "none"), forwarded \(forwarded.count)"
        }
    }

    private static func eachWay(_ test: Case, _ check: (GateRig, RawConnection, Int) async throws -> Void) async throws
    {
        try await GateRig.run(GateRig.solely, upstream: RecordingUpstream()) { rig async throws in
            for hasServed in [false, true] {
                let client = try rig.client()
                if hasServed {
                    client.send(rig.goodRequest())
                    let status = try await client.answer().status
                    try #require(status == 200)
                }
                try await check(rig, client, rig.upstream.requests.count)
            }
        }
    }

    private static func send(_ test: Case, _ rig: GateRig, _ client: RawConnection) async throws {
        let bytes = test.bytes(token: rig.token())
        // A gate that has refused already need not take the rest.
        _ = try await blocking { client.send(bytes, milliseconds: 2000) }
    }

    /// Reads answers, interim ones aside, until there are `count` of them or the connection ends.
    private static func outcome(
        _ rig: GateRig,
        _ client: RawConnection,
        since: Int,
        count: Int,
        toTheEnd: Bool
    ) async throws -> Outcome {
        var outcome = Outcome()
        while outcome.answers.count < count {
            guard let answer = try? await client.answer(seconds: 5) else { break }
            if answer.status >= 200 { outcome.answers.append(answer) }
        }
        if toTheEnd { try await client.receiveEnd() }
        outcome.ending = client.ending
        outcome.leftOver = client.unread
        outcome.forwarded = rig.upstream.requests.dropFirst(since).map(\.message)
        return outcome
    }

    // SEC-101 to SEC-104, SEC-108, SEC-109
    @Test(arguments: HTTP1Vectors.requests("reject"))
    func refuses(_ test: Case) async throws {
        try await Self.eachWay(test) { rig, client, since in
            try await Self.send(test, rig, client)
            let outcome = try await Self.outcome(rig, client, since: since, count: 1, toTheEnd: true)
            #expect((test.status ?? []).contains(outcome.status), "\(test.id): \(outcome.summary)")
            #expect(outcome.leftOver == [], "\(test.id): one answer only")
            #expect(outcome.forwarded.isEmpty, "\(test.id): \(outcome.summary)")
        }
    }

    @Test(arguments: HTTP1Vectors.requests("accept"))
    func accepts(_ test: Case) async throws {
        try await Self.eachWay(test) { rig, client, since in
            try await Self.send(test, rig, client)
            let count = test.upstream_requests ?? 1
            let outcome = try await Self.outcome(
                rig,
                client,
                since: since,
                count: count,
                toTheEnd: test.connection == "close"
            )
            if test.also_ok == "reject", outcome.status == 400 { return }
            #expect(outcome.answers.count == count, "\(test.id): \(outcome.summary)")
            #expect(outcome.answers.allSatisfy { $0.status < 400 && $0.isComplete }, "\(test.id): \(outcome.summary)")
            #expect(outcome.forwarded.count == count, "\(test.id): \(outcome.summary)")
            try await Self.expectNothingMore(client)
            Self.checkForwarded(test, outcome.forwarded, rig)
        }
    }

    @Test(arguments: HTTP1Vectors.requests("either"))
    func refusesOrForwardsWithoutTheDanger(_ test: Case) async throws {
        try await Self.eachWay(test) { rig, client, since in
            try await Self.send(test, rig, client)
            let outcome = try await Self.outcome(rig, client, since: since, count: 1, toTheEnd: false)
            let status = try #require(outcome.status, "\(test.id)")
            if (test.status ?? []).contains(status) || (test.status_also ?? []).contains(status) {
                #expect(outcome.forwarded.isEmpty, "\(test.id)")
            } else {
                #expect(status < 400, "\(test.id): \(outcome.summary)")
                #expect(outcome.forwarded.count <= test.upstream_requests_max ?? 1, "\(test.id)")
                Self.checkForwarded(test, outcome.forwarded, rig)
            }
        }
    }

    // SEC-104, SEC-105
    @Test(arguments: HTTP1Vectors.requests("no-bypass"))
    func letsNobodyPast(_ test: Case) async throws {
        try await Self.eachWay(test) { rig, client, since in
            try await Self.send(test, rig, client)
            let outcome = try await Self.outcome(rig, client, since: since, count: 1, toTheEnd: false)
            #expect((test.status ?? [400, 401, 403, 404]).contains(outcome.status), "\(test.id): \(outcome.summary)")
            #expect(outcome.forwarded.isEmpty, "\(test.id)")
        }
    }

    // SEC-102
    @Test(arguments: HTTP1Vectors.requests("sequence"))
    func answersInOrder(_ test: Case) async throws {
        try await Self.eachWay(test) { rig, client, since in
            try await Self.send(test, rig, client)
            let statuses = test.statuses ?? []
            let outcome = try await Self.outcome(
                rig,
                client,
                since: since,
                count: statuses.count,
                toTheEnd: test.connection == "close"
            )
            #expect(outcome.answers.map(\.status) == statuses, "\(test.id): \(outcome.summary)")
            try await Self.expectNothingMore(client)
            #expect(rig.upstream.requests.count - since == test.upstream_requests ?? 0, "\(test.id)")
        }
    }

    @Test(arguments: HTTP1Vectors.requests("incomplete"))
    func forwardsNothingIncomplete(_ test: Case) async throws {
        try await Self.eachWay(test) { rig, client, since in
            try await Self.send(test, rig, client)
            client.finishSending()
            let outcome = try await Self.outcome(rig, client, since: since, count: 1, toTheEnd: true)
            #expect((test.status ?? []).contains(outcome.status), "\(test.id): \(outcome.summary)")
            #expect(outcome.forwarded.isEmpty, "\(test.id)")
        }
    }

    // SEC-109
    @Test(arguments: HTTP1Vectors.requests("timeout"))
    func endsWhatStalls(_ test: Case) async throws {
        try await Self.eachWay(test) { rig, client, since in
            try await Self.send(test, rig, client)
            // One byte a second, where the case says more would come, and in any case none in the end.
            try await rig.settle(client)
            for _ in 0..<7 { try await rig.pass(10) }
            let outcome = try await Self.outcome(rig, client, since: since, count: 1, toTheEnd: true)
            #expect((test.status ?? []).contains(outcome.status), "\(test.id): \(outcome.summary)")
            #expect(outcome.forwarded.count == test.upstream_requests ?? 0, "\(test.id)")
        }
    }

    /// Whatever else the bytes held, it was not taken for another request.
    private static func expectNothingMore(_ client: RawConnection) async throws {
        client.finishSending()
        try await client.receiveEnd()
        #expect(client.unread == [])
    }

    private static func checkForwarded(_ test: Case, _ requests: [RawMessage], _ rig: GateRig) {
        for request in requests {
            let names = request.fields.map(\.name)
            #expect(!(names.contains("content-length") && names.contains("transfer-encoding")), "\(test.id)")
            #expect(names.filter { $0 == "host" }.count == 1, "\(test.id)")
            #expect(request.values("authorization") == ["Bearer \(GateRig.providerKey)"], "\(test.id)")
            for name in test.forwarded_absent ?? [] {
                #expect(!names.contains(name.lowercased()), "\(test.id): \(name)")
            }
            for name in test.forwarded_present ?? [] {
                #expect(names.contains(name.lowercased()), "\(test.id): \(name)")
            }
            for (name, value) in test.forwarded_absent_value ?? [:] {
                #expect(!request.values(name.lowercased()).contains(value), "\(test.id): \(name)")
            }
            for (name, value) in test.forwarded ?? [:] {
                #expect(request.values(name.lowercased()) == [value], "\(test.id): \(name)")
            }
            if test.trailer_must_not_act == true {
                #expect(!String(decoding: request.raw, as: UTF8.self).contains("evil"), "\(test.id)")
            }
        }
    }
}

extension GateRig {
    /// Returns when the gate has read what was sent before: the bytes of a request of another connection come later.
    func settle(_ client: RawConnection) async throws {
        let other = try self.client()
        other.send("GET /health HTTP/1.1\r\nHost: gate.example\r\n\r\n")
        _ = try await other.answer()
    }
}
