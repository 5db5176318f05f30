import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryPurse

private func failures(_ count: Int, _ limiter: FailureLimiter, _ address: String, at time: MonotonicTime) -> Int {
    (0..<count).count { _ in
        do {
            try limiter.note(Peer(address: address), at: time)
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
        try limiter.note(Peer(address: "192.0.2.1"), at: at(0))
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
        try? limiter.note(Peer(address: "host-\(number)"), at: at(0))
    }
    let entries = limiter.instruments.value("gw_ratelimit_entries")
    #expect((entries ?? .infinity) <= 100_000)
    let refused = limiter.instruments.first { $0.labels.contains { $0.value == "refused" } }?.read()
    #expect((refused ?? 0) > 0)
}

@Test func refusesANegativeFailureLimit() {
    #expect(throws: LimitFault.outOfRange("failures_per_minute")) { try FailureLimiter(perMinute: -1) }
}
