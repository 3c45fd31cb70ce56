using Countersign.Server.Console.Sessions;

namespace Countersign.Server.Console;

/// <summary>What differs between installations of the console.</summary>
internal sealed record ConsoleOptions
{
    /// <summary>
    /// The address people type, when a proxy changes it on the way; forms sent from pages of this address are accepted
    /// beside those of the address the request itself names.
    /// </summary>
    public Uri? PublicUrl { get; init; }

    /// <summary>
    /// Whether one-time links sign people in: for the demo only, because whoever holds a link is that person.
    /// </summary>
    public bool AcceptsOneTimeLinks { get; init; }

    /// <summary>Whether the tokens of people sign in here.</summary>
    public bool TakesTokens { get; init; } = true;

    public SessionLimits Limits { get; init; } = new();
}
