import OstiaryCore

// The owner's own way in.
extension AdminRoutes {
    static let owner: [AdminRoute] = [
        AdminRoute(
            method: .post,
            path: "/admin/token",
            access: .owner,
            summary: "a token of an hour at most for the gate's owner, where identity.local is on",
            body: .object([
                .may("sub", .text(least: 1, most: 255), "whom it is for"),
                .may("scope", .text(most: 4096), "its scopes, divided by spaces"),
                .may("lifetime", .whole(1...DevelopmentMint.longest), "seconds; an hour at most is given"),
            ]),
            isBodyOptional: true,
            successes: [
                .init(
                    status: 200,
                    help: "the token",
                    shape: .object([
                        .must("token", .text(least: 1, most: 65_536), ""),
                        .must("expires_in", .whole(1...OwnerMint.longest), "seconds"),
                    ])
                )
            ],
            problems: [.notFound],
            serve: { call throws(AdminError) in
                let office = call.office
                guard office.rooms.generation.configuration.identity.local else {
                    throw AdminError(.notFound, "identity.local is off")
                }
                office.trace(.auth, "the owner gets a token", ["by": call.caller.name])
                do throws(GateError) {
                    return AdminAnswer(try office.owner.token(for: call.body.json, at: office.rooms.clock.now))
                } catch {
                    throw AdminError(error)
                }
            }
        )
    ]
}
