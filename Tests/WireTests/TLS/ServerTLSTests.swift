import Foundation
import NIOCore
import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryWire

/// The files of a door's TLS, and what happens when they change.
@Suite struct ServerTLSTests {
    private func settings(_ folder: TemporaryFolder, _ leaf: Authority.Leaf) throws -> TLSSettings {
        TLSSettings(
            certificate: try folder.write("cert.pem", leaf.certificate),
            key: try folder.write("key.pem", leaf.key)
        )
    }

    private func fault(_ settings: TLSSettings) -> TLSFault? {
        do throws(TLSFault) {
            _ = try ServerTLS.Change(to: settings)
            return nil
        } catch {
            return error
        }
    }

    @Test func tellsWhatIsWrongWithAFile() throws {
        let folder = try TemporaryFolder()
        let authority = try Authority()
        let leaf = try authority.leaf()
        let good = try settings(folder, leaf)
        func with(_ change: (inout TLSSettings) throws -> Void) throws -> TLSFault? {
            var settings = good
            try change(&settings)
            return fault(settings)
        }
        #expect(fault(good) == nil)
        #expect(try with { $0.certificate = folder.path + "/none" }?.reason == .missing)
        #expect(try with { $0.key = folder.path + "/none" }?.role == .key)
        #expect(try with { $0.key = folder.path }?.reason == .notAFile)
        #expect(try with { $0.certificate = try folder.write("a", "nothing") }?.reason == .noCertificate)
        #expect(try with { $0.certificate = try folder.write("b", "") }?.reason == .noCertificate)
        #expect(try with { $0.certificate = good.key }?.reason == .noCertificate)
        #expect(try with { $0.key = try folder.write("c", "nothing") }?.reason == .noKey)
        #expect(try with { $0.key = good.certificate }?.reason == .noKey)
        #expect(try with { $0.key = try folder.write("d", authority.leaf().key) }?.reason == .mismatch)
        #expect(try with { $0.authorities = try folder.write("e", "nothing") }?.role == .authorities)
        #expect(
            try with { $0.certificate = try folder.write("f", String(repeating: "x", count: 1 << 20 + 1)) }?.reason
                == .tooLarge
        )
        let encrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n-----END ENCRYPTED PRIVATE KEY-----\n"
        #expect(try with { $0.key = try folder.write("g", encrypted) }?.reason == .encrypted)
    }

    @Test func saysWhatToDoAboutEachFault() {
        let reasons: [TLSFault.Reason] = [
            .missing, .unreadable, .notAFile, .tooLarge, .noCertificate, .noKey, .encrypted, .mismatch, .unusable,
        ]
        for reason in reasons {
            for role in [TLSFault.Role.certificate, .key, .authorities] {
                let fault = TLSFault(role, "/a\u{1b}[1m", reason)
                #expect(!fault.description.utf8.contains { $0 < 0x20 || $0 >= 0x7f })
                #expect(fault.hint.count > 10)
            }
        }
    }

    @Test func warnsOfAKeyThatOthersMayRead() throws {
        let folder = try TemporaryFolder()
        let leaf = try Authority().leaf()
        var settings = try settings(folder, leaf)
        settings.key = try folder.write("open.pem", leaf.key, mode: 0o644)
        let change = try ServerTLS.Change(to: settings)
        #expect(
            change.warnings.map(\.description)
                == ["key file \(settings.key) may be read by others (mode 0644): chmod 600 if you can"]
        )
    }

    @Test func saysOnceADayThatTheCertificateEnds() throws {
        let folder = try TemporaryFolder()
        let start = Date().timeIntervalSince1970.rounded()
        let settings = try settings(folder, Authority(now: start).leaf(days: 20))
        let clock = ManualClock(now: start)
        let warnings = Observed<[TLSWarning]>([])
        let change = try ServerTLS.Change(to: settings)
        let tls = ServerTLS(change, door: Door(limits: EdgeLimits()), clock: clock) { notice in
            if case .warning(let warning) = notice { warnings.change { $0.append(warning) } }
        }
        func pass(_ days: Double) -> [TLSWarning] {
            clock.advance(days * 86_400)
            tls.refresh()
            tls.refresh()
            return warnings.change { found in
                defer { found = [] }
                return found
            }
        }
        // The last quarter of 21 days.
        #expect(pass(14) == [])
        #expect(pass(1) == [.ending(path: settings.certificate, days: 5)])
        #expect(pass(0.5) == [.ending(path: settings.certificate, days: 4)])
        #expect(pass(0.1) == [])
        #expect(pass(5) == [.ended(path: settings.certificate, days: 0)])
        #expect(pass(3) == [.ended(path: settings.certificate, days: 3)])
        clock.setWall(start - 10 * 86_400)
        #expect(pass(0) == [.notYetValid(path: settings.certificate)])
    }

    // MARK: Change

    /// What a client sees of the gate's certificate: whether this leaf's is it.
    private func isGreeted(by leaf: Authority.Leaf, _ bench: SecureBench) async throws -> Bool {
        let client = try await bench.client()
        defer { client.leave() }
        return client.peerThumbprint == leaf.thumbprint
    }

    @Test func greetsNewConnectionsWithANewCertificate() async throws {
        try await SecureBench.open(service: echoingPaths) { bench in
            let old = try await bench.client()
            let leaf = try bench.authority.leaf(dns: ["localhost"], days: 60)
            bench.tls.refresh()
            #expect(bench.notices.value == [])
            try bench.folder.write("cert.pem", leaf.certificate)
            try bench.folder.write("key.pem", leaf.key)
            #expect(try await !isGreeted(by: leaf, bench))
            bench.tls.refresh()
            #expect(bench.notices.value.count == 1)
            #expect(try await isGreeted(by: leaf, bench))
            #expect(bench.counter("gw_tls_reloads_total", "changed") == 1)
            // What stands goes on.
            old.send(Sample.get)
            #expect(try await old.answer().text == "/a")
            old.leave()
        }
    }

    @Test func keepsWhatItHasWhenTheNewFilesAreOfNoUse() async throws {
        try await SecureBench.open(service: echoingPaths) { bench in
            let leaf = try bench.authority.leaf(dns: ["localhost"])
            // One of two files that belong together has been replaced.
            try bench.folder.write("cert.pem", leaf.certificate)
            bench.tls.refresh()
            bench.tls.refresh()
            #expect(bench.notices.value.count == 1)
            #expect(bench.notices.value.first?.contains("does not belong") == true)
            #expect(bench.counter("gw_tls_reloads_total", "refused") == 1)
            let client = try await bench.client()
            client.send(Sample.get)
            #expect(try await client.answer().status == 200)
            client.leave()
            try bench.folder.write("key.pem", leaf.key)
            bench.tls.refresh()
            #expect(try await isGreeted(by: leaf, bench))
            // A file that is gone for a moment is no reason to stop.
            try FileManager.default.removeItem(atPath: bench.folder.path + "/key.pem")
            bench.tls.refresh()
            #expect(try await isGreeted(by: leaf, bench))
            #expect(bench.counter("gw_tls_reloads_total", "refused") == 2)
        }
    }

    @Test func believesNewAuthoritiesOnly() async throws {
        try await SecureBench.open(
            asksClients: true,
            change: { $0.requiresCertificate = true },
            service: echoingPaths
        ) { bench in
            let other = try Authority()
            try bench.folder.write("ca.pem", other.pem)
            bench.tls.refresh()
            let refused = try await bench.client(leaf: bench.authority.leaf())
            refused.send(Sample.get)
            try await refused.untilClosed()
            #expect(refused.bytes.isEmpty)
            let client = try await bench.client(leaf: other.leaf())
            client.send(Sample.get)
            #expect(try await client.answer().status == 200)
            client.leave()
        }
    }
}
