using Countersign.Gates.Postgres.Parsing;

namespace Countersign.Gates.Postgres.Detached;

/// <summary>
/// Statements that mean something only to the session that sends them. One that runs detached has no session before and
/// after itself, and nobody at its other end.
/// </summary>
internal static class SessionForms
{
    public static Refusal? WhyNot(ReadStatement statement, bool isAlone) =>
        (WhatFor(statement.Form), statement.Form) switch
        {
            ({ } what, _) => Refuse(what),
            (_, Parsed.Command { Effect.RunsAlone: true }) when !isAlone => Refuse(
                "it runs outside of a transaction, and a list of statements is one; send it as a request of its own."),
            _ => null,
        };

    private static string? WhatFor(Parsed form) => form switch
    {
        Parsed.Transaction => "each request is one transaction by itself; leave BEGIN, COMMIT and the like out.",
        Parsed.Copy => "COPY moves data over a connection, and this has none; use INSERT or SELECT.",
        Parsed.Set => "a setting would end with this request; write what depends on it so that it does not.",
        Parsed.Show => "nothing was set before; use SELECT current_setting('name').",
        Parsed.Prepare or Parsed.Execute or Parsed.Deallocate =>
            "there are no prepared statements; send the statement itself, with its parameters.",
        Parsed.DeclareCursor or Parsed.Fetch or Parsed.CloseCursor => "there are no cursors; use SELECT with LIMIT.",
        Parsed.Discard => "there is nothing to discard.",
        Parsed.Channel { Verb: "LISTEN" or "UNLISTEN" } => "nobody would hear a notification.",
        Parsed.Explain { Inner: var inner } => WhatFor(inner),
        Parsed.Command { Effect.Inner: { } inner } => WhatFor(inner),
        _ => null,
    };

    private static Refusal Refuse(string why) => new(
        Refusal.FeatureNotSupported, "A statement over the API has no session; nothing was executed.")
    {
        Detail = $"This one needs one: {why}",
        Hint = "For a session connect to the PostgreSQL gate.",
    };
}
