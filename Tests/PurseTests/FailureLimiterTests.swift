import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryPurse

private func failures(_ count: Int, _ limiter: FailureLimiter, _ address: String, at time: MonotonicTime) -> Int {
    (0..<count).count { _ in
        do {
            try limiter.note(Peer(address: address), nil, at: time)
            return true
        } catch {
            return false
        }
    }
}

@Test func answersTheSixtyFirstFailureOfAMinuteWith429() throws {
    let limiter = try FailureLimiter()
    #expect(failures(60, limiter, "192.0.2.1", at: at(0)) == 60)
    do {
        try limiter.note(Peer(address: "192.0.2.1"), nil, at: at(0))
        Issue.record("the sixty-first failure went through")
    } catch {
        #expect(error.code == .tooManyFailures)
        #expect(error.status == 429)
        #expect(error.retry == .after(seconds: 1))
    }
    #expect(failures(1, limiter, "192.0.2.2", at: at(0)) == 1)
    #expect(failures(3, limiter, "192.0.2.1", at: at(2)) == 2)
}

@Test func countsNoFailuresAtZero() throws {
    let limiter = try FailureLimiter(perMinute: 0)
    #expect(failures(10_000, limiter, "192.0.2.1", at: at(0)) == 10_000)
    #expect(limiter.instruments.isEmpty)
}

@Test func countsAnIPv6PeerByItsNetwork() throws {
    let limiter = try FailureLimiter(perMinute: 3)
    #expect(failures(2, limiter, "2001:db8::1", at: at(0)) == 2)
    #expect(failures(2, limiter, "2001:DB8:0:0:ffff::2", at: at(0)) == 1)
    #expect(failures(2, limiter, "2001:db8:0:1::1", at: at(0)) == 2)
}

@Test func countsAMappedAddressAsItsIPv4Address() {
    func bytes(_ address: String) -> [UInt8] {
        PeerNetwork.withBytes(of: address) { $0.withUnsafeBufferPointer { Array($0) } }
    }
    #expect(bytes("192.0.2.7") == [4, 192, 0, 2, 7])
    #expect(bytes("::ffff:192.0.2.7") == bytes("192.0.2.7"))
    #expect(bytes("::ffff:c000:207%eth0") == bytes("192.0.2.7"))
    #expect(bytes("192.0.2.8") != bytes("192.0.2.7"))
    #expect(bytes("2001:db8::1") == [6, 0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0])
    #expect(bytes("fe80::1%eth0") == bytes("fe80::2%eth1"))
    #expect(bytes("unix") == Array("unix".utf8))
    #expect(bytes("a:b%c") == Array("a:b%c".utf8))
    #expect(bytes("") == [])
}

@Test func boundsTheAddressesItKnows() throws {
    let limiter = try FailureLimiter(perMinute: 60)
    for number in 0..<BucketShard.limit * 80 {
        try? limiter.note(Peer(address: "host-\(number)"), nil, at: at(0))
    }
    let entries = limiter.instruments.value("gw_ratelimit_entries")
    #expect((entries ?? .infinity) <= 100_000)
    let refused = limiter.instruments.first { $0.labels.contains { $0.value == "refused" } }?.read()
    #expect((refused ?? 0) > 0)
}

@Test func refusesANegativeFailureLimit() {
    #expect(throws: LimitFault.outOfRange("failures_per_minute")) { try FailureLimiter(perMinute: -1) }
}

private func tries(
    _ credentials: [String],
    _ limiter: FailureLimiter,
    from address: String = "192.0.2.1",
    at time: MonotonicTime
) -> [Bool] {
    credentials.map { text in
        let credential = Credential(place: .apiKey, bytes: Array(text.utf8))
        return (try? limiter.note(Peer(address: address), credential, at: time)) != nil
    }
}

/// Claude Code repeats a refused key ten times in two minutes; that is one guess.
@Test func countsCredentialsRatherThanRequests() throws {
    let limiter = try FailureLimiter(perMinute: 2)
    #expect(tries(Array(repeating: "one", count: 10), limiter, at: at(0)) == Array(repeating: true, count: 10))
    #expect(tries(["two", "two", "three", "one", "two"], limiter, at: at(0)) == [true, true, false, false, true])
    // What was refused is not known, so it is refused again.
    #expect(tries(["three"], limiter, at: at(0)) == [false])
    // Another address is another guesser.
    #expect(tries(["one", "two", "three"], limiter, from: "192.0.2.2", at: at(0)) == [true, true, false])
    #expect(tries(["three"], limiter, at: at(30)) == [true])
}

@Test func aRepeatCountsAnewAfterTenAndAfterTwoMinutes() {
    let repeats = Repeats()
    let seen = (0..<21).map { _ in repeats.isRepeat(7, at: at(0)) }
    #expect(seen == (0..<21).map { $0 % 10 != 0 })
    #expect(!repeats.isRepeat(8, at: at(0)))
    #expect(repeats.isRepeat(8, at: at(119)))
    #expect(!repeats.isRepeat(8, at: at(120)))
}

/// Forgetting makes failures count; nothing makes them pass that were never seen.
@Test func aFullTableForgetsAndBelievesNobody() {
    let repeats = Repeats()
    var random = SystemRandomNumberGenerator()
    let marks = (0..<100_000).map { _ in random.next() as UInt64 }
    #expect(marks.allSatisfy { !repeats.isRepeat($0, at: at(0)) })
    #expect(marks.count { repeats.isRepeat($0, at: at(0)) } <= Repeats.limit)
    #expect(repeats.count <= Repeats.limit)
    #expect(repeats.count > Repeats.limit / 2)
}
