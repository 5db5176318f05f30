import Foundation
import OstiaryCore
import OstiaryTesting

@testable import OstiaryServer

extension RawMessage {
    /// `error.code` of a refusal.
    var code: String? {
        struct Refusal: Decodable {
            struct Inner: Decodable {
                let message: String
                let type: String
                let code: String?
                let details: Details?
            }
            struct Details: Decodable {
                let error_code: String?
            }
            let error: Inner
        }
        let error = (try? JSONDecoder().decode(Refusal.self, from: Data(body)))?.error
        return error?.code ?? error?.details?.error_code
    }

    /// `error.type` of a refusal.
    var errorType: String? {
        struct Refusal: Decodable {
            struct Inner: Decodable {
                let type: String
            }
            let error: Inner
        }
        return (try? JSONDecoder().decode(Refusal.self, from: Data(body)))?.error.type
    }
}

extension Route {
    /// A path that the route has.
    var sample: String { path.replacing("{id}", with: "m") }
}
