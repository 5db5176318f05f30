import Crypto
import Foundation
import NIOCore
import NIOPosix
import NIOSSL
import SwiftASN1
import X509

/// A certificate authority of the test's own.
struct Authority {
    let certificate: Certificate
    private let key = P256.Signing.PrivateKey()
    private let name: DistinguishedName

    init() throws {
        name = try DistinguishedName { CommonName("Test authority") }
        certificate = try Certificate(
            version: .v3,
            serialNumber: .init(),
            publicKey: .init(key.publicKey),
            notValidBefore: Self.now - 86_400,
            notValidAfter: Self.now + 86_400,
            issuer: name,
            subject: name,
            signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: nil))
                Critical(KeyUsage(keyCertSign: true))
            },
            issuerPrivateKey: .init(key)
        )
    }

    var roots: NIOSSLTrustRoots {
        get throws { .certificates([try Self.nio(certificate)]) }
    }

    /// A server's identity for this name or address, valid for a day around now unless it `isExpired`.
    func identity(_ host: String, isExpired: Bool = false) throws -> TLSConfiguration {
        let leafKey = P256.Signing.PrivateKey()
        let end = isExpired ? Self.now - 3600 : Self.now + 86_400
        let leaf = try Certificate(
            version: .v3,
            serialNumber: .init(),
            publicKey: .init(leafKey.publicKey),
            notValidBefore: Self.now - 86_400,
            notValidAfter: end,
            issuer: name,
            subject: try DistinguishedName { CommonName("server") },
            signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions { SubjectAlternativeNames([.dnsName(host)]) },
            issuerPrivateKey: .init(key)
        )
        return TLSConfiguration.makeServerConfiguration(
            certificateChain: [.certificate(try Self.nio(leaf))],
            privateKey: .privateKey(try NIOSSLPrivateKey(bytes: Array(leafKey.pemRepresentation.utf8), format: .pem))
        )
    }

    private static let now = Date()

    private static func nio(_ certificate: Certificate) throws -> NIOSSLCertificate {
        try NIOSSLCertificate(bytes: Array(certificate.serializeAsPEM().pemString.utf8), format: .pem)
    }
}

/// A provider behind TLS that answers each read with the same short document.
struct SecureUpstream {
    let port: Int
    private let channel: any Channel

    static func open<Result>(_ identity: TLSConfiguration, _ body: (SecureUpstream) async throws -> Result) async throws
        -> Result
    {
        let context = try NIOSSLContext(configuration: identity)
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers(NIOSSLServerHandler(context: context), Answering())
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let result: Result
        do {
            result = try await body(SecureUpstream(port: channel.localAddress?.port ?? 0, channel: channel))
        } catch {
            try? await channel.close().get()
            throw error
        }
        try await channel.close().get()
        return result
    }

    private final class Answering: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let answer = ByteBuffer(string: "HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nsecret")
            context.writeAndFlush(wrapOutboundOut(answer), promise: nil)
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            context.close(promise: nil)
        }
    }
}
