import Foundation
import Hummingbird

/// Answers every request whose body it could read, and says so with one line on standard output.
@main
enum Main {
    static func main() async throws {
        let port = Int(CommandLine.arguments.dropFirst().first ?? "") ?? 0
        let application = Application(
            responder: CallbackResponder { request, _ in
                _ = try await request.body.collect(upTo: 32 << 20)
                FileHandle.standardOutput.write(Data("\(request.method) \(request.uri)\n".utf8))
                return Response(status: .ok, body: ResponseBody(byteBuffer: ByteBuffer(string: "{}")))
            } as CallbackResponder<BasicRequestContext>,
            configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: port))
        )
        try await application.runService()
    }
}
