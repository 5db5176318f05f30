import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryServer

// SEC-111
/// Nothing is unpacked here, so nothing can burst: what a client packs is refused, what a provider packs passes as it is.
@Suite struct CompressionTests {
    /// The first bytes of what a megabyte of zeros becomes; the rest does not matter to anybody who does not unpack it.
    static let bombs: [(coding: String, bytes: [UInt8])] = [
        ("gzip", [0x1f, 0x8b, 0x08, 0, 0, 0, 0, 0, 0x02, 0x03, 0xed, 0xc1, 0x01, 0x01]),
        ("deflate", [0x78, 0x9c, 0xed, 0xc1, 0x01, 0x01]), ("br", [0x5b, 0xff, 0xff, 0x0f, 0x00]),
        ("zstd", [0x28, 0xb5, 0x2f, 0xfd, 0xa4, 0, 0, 0x10, 0]),
    ]

    @Test(arguments: [
        "gzip", "x-gzip", "deflate", "br", "zstd", "compress", "identity", "gzip, gzip", "GZIP", "aes128gcm", "",
    ])
    func aPackedBodyIsRefusedUnread(coding: String) async throws {
        try await GateRig.run { rig async throws in
            let line = try rig.client()
            line.send(
                rig.request(
                    "POST",
                    "/v1/chat/completions",
                    token: rig.token(),
                    fields: [
                        "Content-Type: application/json", "Content-Encoding: \(coding)", "Content-Length: 30000000",
                    ]
                )
            )
            let answer = try await line.answer()
            #expect(answer.status == 415)
            #expect(answer["connection"] == "close")
            line.leave()
            #expect(rig.upstream.connections.isEmpty)
            #expect(try await rig.metric("gw_held_body_bytes") == 0)
        }
    }

    @Test func aTransferCodingIsNoWayAround() async throws {
        try await GateRig.run { rig async throws in
            for coding in ["gzip, chunked", "gzip", "chunked, gzip", "deflate, chunked"] {
                let line = try rig.client()
                line.send(
                    rig.request(
                        "POST",
                        "/v1/chat/completions",
                        token: rig.token(),
                        fields: ["Content-Type: application/json", "Transfer-Encoding: \(coding)"]
                    )
                )
                #expect(try await line.answer().status == 400)
                line.leave()
            }
            #expect(rig.upstream.connections.isEmpty)
        }
    }

    /// A body that is packed though its field does not say so is no JSON.
    @Test(arguments: bombs.map(\.coding))
    func aPackedBodyWithoutItsFieldIsNoRequest(coding: String) async throws {
        let bytes = Self.bombs.first { $0.coding == coding }?.bytes ?? []
        try await GateRig.run { rig async throws in
            let line = try rig.client()
            line.send(
                rig.request(
                    "POST",
                    "/v1/chat/completions",
                    token: rig.token(),
                    fields: ["Content-Type: application/json", "Content-Length: \(bytes.count)"]
                )
            )
            line.send(bytes)
            #expect(try await line.answer().status == 400)
            line.leave()
            #expect(rig.upstream.connections.isEmpty)
        }
    }

    @Test(arguments: bombs.map(\.coding))
    func aProvidersPackedAnswerPassesAsItIs(coding: String) async throws {
        let bytes = Self.bombs.first { $0.coding == coding }?.bytes ?? []
        let upstream = try RecordingUpstream { _ in
            [
                .send("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: \(coding)\r\n"),
                .send("Content-Length: \(bytes.count)\r\n\r\n"), .send(bytes),
            ]
        }
        try await GateRig.run(upstream: upstream) { rig async throws in
            let answer = try await rig.chat()
            #expect(answer.status == 200)
            #expect(answer.body == bytes)
            #expect(answer["content-encoding"] == coding)
            // Nobody asked for it.
            #expect(rig.upstream.requests.first?.message["accept-encoding"] == "identity")
        }
    }
}
