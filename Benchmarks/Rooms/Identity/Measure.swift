import Crypto
import OstiaryCore
import OstiaryPurse
import Stopwatch

@testable import OstiaryIdentity

/// Prints what each step of knowing a caller costs, in microseconds of CPU time.
@main struct Measure {
    static func main() async throws {
        let fast = try await Subject(.fast)
        let library = try await Subject(.library)
        for call in fast.known { _ = try await fast.bearer.identify(call, remembering: fast.memory) }
        try await signatures(fast.key)
        try await calls(fast, library)
        try await refusals(fast, library)
        if Secp256k1.isAvailable { try await Capabilities().measure() } else { print("no libsecp256k1 here") }
    }

    private static func signatures(_ key: P256.Signing.PrivateKey) async throws {
        let bytes = Array(key.publicKey.rawRepresentation)
        guard let x = Limbs(bigEndian: bytes.span), let y = Limbs(bigEndian: bytes.span, at: 32),
            let point = AffinePoint(x: x, y: y), let generator = PointTable.generator,
            let table = PointTable.checked(point)
        else { return print("no tables here") }
        let tables = FixedKey(generator: generator, key: table)
        let signatures = try (0..<1000).compactMap { number in
            let message = Array("message \(number)".utf8)
            return ES256Signature(Array(try key.signature(for: message).rawRepresentation), of: message[...])
        }
        await Stopwatch.print("a signature, by swift-crypto", runs: 1000) {
            _ = signatures[$0].isGenuine(by: key.publicKey)
        }
        await Stopwatch.print("a signature, by tables", runs: 1000) { _ = signatures[$0].isGenuine(by: tables) }
        // As between two requests: nothing of the tables is left in the nearer caches.
        var other = [UInt64](repeating: 1, count: 1 << 19)
        func displace() { for index in stride(from: 0, to: other.count, by: 8) { other[index] &+= 1 } }
        await Stopwatch.print("reading 4 MiB of other memory", runs: 300) { _ in displace() }
        await Stopwatch.print("the same, and a signature by tables", runs: 300) {
            displace()
            _ = signatures[$0].isGenuine(by: tables)
        }
        await Stopwatch.print("making a table", runs: 5) { _ in _ = PointTable(of: point) }
        await Stopwatch.print("making and checking a table", runs: 5) { _ in _ = PointTable.checked(point) }
    }

    private static func calls(_ fast: Subject, _ library: Subject) async throws {
        let now = SystemClock().now
        let moment = SystemClock().monotonic
        await Stopwatch.print("a known token", runs: 200_000) { _ in
            _ = try? fast.bearer.known(fast.known[0], fast.memory, now: now, at: moment)
        }
        await Stopwatch.print("5,000 known tokens in turn", runs: 200_000) {
            _ = try? fast.bearer.known(fast.known[$0 % 5000], fast.memory, now: now, at: moment)
        }
        for (name, subject) in [("by tables", fast), ("by swift-crypto", library)] {
            await Stopwatch.print("a token never seen, \(name)", runs: 5000) {
                _ = try? await subject.verifier.verify(subject.known[$0].credential?.bytes ?? [])
            }
        }
    }

    private static func refusals(_ fast: Subject, _ library: Subject) async throws {
        for (name, subject) in [("by tables", fast), ("by swift-crypto", library)] {
            await Stopwatch.print("a bad signature, \(name)", runs: 1000) {
                _ = try? await subject.bearer.identify(subject.bad[$0], remembering: subject.memory)
            }
        }
        await Stopwatch.print("an expired token", runs: 20_000) {
            _ = try? await fast.bearer.identify(fast.expired[$0 % 1000], remembering: fast.memory)
        }
        await Stopwatch.print("no token", runs: 100_000) { _ in
            _ = try? await fast.bearer.identify(fast.without, remembering: fast.memory)
        }
        let failures = try FailureLimiter(perMinute: 60)
        let moment = SystemClock().monotonic
        for address in ["192.0.2.1", "2001:db8::1"] {
            await Stopwatch.print("a failure counted against \(address)", runs: 100_000) { _ in
                _ = try? failures.note(Peer(address: address), nil, at: moment)
            }
        }
    }
}
