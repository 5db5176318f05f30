public import OstiaryCore

/// Which APIs a provider serves in its own words.
public struct APISet: Hashable, Sendable, ExpressibleByArrayLiteral {
    // One bit an API, as this is asked for every call.
    private let bits: UInt16

    public init(arrayLiteral apis: Route.API...) {
        bits = apis.reduce(0) { $0 | 1 << UInt16($1.rawValue) }
    }

    public func contains(_ api: Route.API) -> Bool { bits >> UInt16(api.rawValue) & 1 == 1 }
}
