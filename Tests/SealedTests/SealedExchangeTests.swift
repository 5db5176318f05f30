import NIOCore
import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiarySealed

/// Both sides against each other, without the shared cases.
@Suite struct SealedExchangeTests {
    static func pieces(_ buffer: ByteBuffer, of size: Int) -> [ByteBuffer] {
        var rest = buffer
        var pieces: [ByteBuffer] = []
        while rest.readableBytes > 0, let piece = rest.readSlice(length: min(size, rest.readableBytes)) {
            pieces.append(piece)
        }
        return pieces
    }

    static func sealed(_ text: String, to key: EndpointKey) throws -> (EncapsulatedKey, ByteBuffer, AnswerSecret) {
        var sealer = try RequestSealer(to: key.document)
        let encapsulated = sealer.encapsulated
        let body = try sealer.seal(ByteBuffer(string: text))
        return (encapsulated, body, try sealer.finish())
    }

    @Test(arguments: [1, 3, 65_535, 200_000])
    func `what is sealed is opened again, in whatever pieces it comes`(size: Int) throws {
        let key = EndpointKey()
        let text = String(repeating: "a question; ", count: 20_000)
        let (encapsulated, body, client) = try Self.sealed(text, to: key)
        #expect(body.readableBytes == text.utf8.count + 20 * ((text.utf8.count + 65_535) / 65_536))
        var opener = RequestOpener(encapsulated, keys: [key])
        for piece in Self.pieces(body, of: size) { try opener.take(piece) }
        #expect(String(buffer: opener.plaintext) == text)
        let server = try opener.finish()

        var sealer = server.sealer()
        var answer = try sealer.seal(ByteBuffer(string: "data: 1\n\n"))
        answer.writeImmutableBuffer(try sealer.seal(ByteBuffer()))
        answer.writeImmutableBuffer(try sealer.seal(ByteBuffer(string: "data: 2\n\n")))
        var read: [String] = []
        var reader = client.opener(sealer.nonce)
        for piece in Self.pieces(answer, of: size) { try reader.take(piece) { read.append(String(buffer: $0)) } }
        try reader.finish()
        #expect(read == ["data: 1\n\n", "data: 2\n\n"])
    }

    @Test func `a key that was in force before still opens`() throws {
        let old = EndpointKey()
        let (encapsulated, body, _) = try Self.sealed("hello", to: old)
        var opener = RequestOpener(encapsulated, keys: [EndpointKey(), old])
        try opener.take(body)
        #expect(String(buffer: opener.plaintext) == "hello")
    }

    @Test func `a key that nobody has is told of, and only by the first frame`() throws {
        let (encapsulated, body, _) = try Self.sealed("hello", to: EndpointKey())
        var opener = RequestOpener(encapsulated, keys: [EndpointKey()])
        let fault = try #require(throws: SealedFault.self) { try opener.take(body) }
        #expect(fault.code == .decryptFailed)
        #expect(RequestOpener.status(of: fault, after: opener.frames) == 422)
        #expect(RequestOpener.status(of: fault, after: 1) == 400)
    }

    @Test func `every flipped bit of a request is seen`() throws {
        let key = EndpointKey()
        let (encapsulated, body, _) = try Self.sealed("hi", to: key)
        for index in body.readableBytesView.indices {
            for bit in 0..<8 {
                var bad = body
                bad.setInteger(bad.getInteger(at: index, as: UInt8.self).map { $0 ^ (1 << UInt8(bit)) } ?? 0, at: index)
                var opener = RequestOpener(encapsulated, keys: [key])
                var isRefused = false
                do throws(SealedFault) {
                    try opener.take(bad)
                    _ = try opener.finish()
                } catch {
                    isRefused = true
                }
                #expect(isRefused, "byte \(index), bit \(bit)")
            }
        }
    }

    @Test func `empty frames are counted`() throws {
        var reader = FrameReader()
        reader.take(ByteBuffer(repeating: 0, count: 4 * FrameReader.mostEmptyFrames))
        #expect(try reader.next() == nil)
        reader.take(ByteBuffer(repeating: 0, count: 4))
        #expect(throws: SealedFault.self) { try reader.next() }
    }

    @Test func `a length of four gibibytes sets nothing aside`() throws {
        var reader = FrameReader()
        reader.take(ByteBuffer(bytes: [0xff, 0xff, 0xff, 0xff]))
        let fault = try #require(throws: SealedFault.self) { try reader.next() }
        #expect(fault.code == .chunkTooLarge)
    }

    @Test func `a body with nothing sealed in it proves nothing`() throws {
        let (encapsulated, _, _) = try Self.sealed("hi", to: EndpointKey())
        var opener = RequestOpener(encapsulated, keys: [EndpointKey()])
        try opener.take(ByteBuffer(repeating: 0, count: 12))
        var code: SealedFault.Code?
        do throws(SealedFault) { _ = try opener.finish() } catch { code = error.code }
        #expect(code == .emptySealedBody)
    }

    @Test func `nothing comes out behind a bad frame`() throws {
        let key = EndpointKey()
        let (encapsulated, body, client) = try Self.sealed("hi", to: key)
        var opener = RequestOpener(encapsulated, keys: [key])
        try opener.take(body)
        var sealer = try opener.finish().sealer()
        let first = try sealer.seal(ByteBuffer(string: "one"))
        var second = try sealer.seal(ByteBuffer(string: "two"))
        second.setInteger(UInt8(0), at: second.writerIndex - 1)
        second.setInteger(UInt8(0), at: second.writerIndex - 2)
        let third = try sealer.seal(ByteBuffer(string: "three"))
        var reader = client.opener(sealer.nonce)
        var read: [String] = []
        try reader.take(first) { read.append(String(buffer: $0)) }
        for piece in [second, third] {
            #expect(throws: SealedFault.self) { try reader.take(piece) { read.append(String(buffer: $0)) } }
        }
        #expect(read == ["one"])
    }

    @Test func `a private key comes back from its bytes`() throws {
        let key = EndpointKey()
        #expect(try EndpointKey(key.secret).document == key.document)
        let short: [UInt8] = [1, 2]
        #expect(throws: SealedFault.self) { try EndpointKey(Secret(copying: short.span)) }
    }

    @Test(arguments: 0..<7)
    func `points of low order are refused, with the top bit set or not`(index: Int) {
        var point = PublicPoint.lowOrder[index]
        #expect(PublicPoint(point) == nil)
        point[31] |= 0x80
        #expect(PublicPoint(point) == nil)
        point[1] ^= 0x55
        #expect(PublicPoint(point) != nil)
    }
}
