namespace Countersign.Server.Console.Views;

/// <summary>The token form.</summary>
/// <param name="Problem">Why the last attempt failed; <c>null</c> on the first.</param>
/// <param name="Action">Where to go afterwards; <c>null</c> for the queue.</param>
/// <param name="PasskeyOrigin">The address at which passkeys work; <c>null</c> when none do.</param>
public sealed record SignInView(string? Problem, string? Action, string? PasskeyOrigin)
{
    /// <summary>What the identity provider is called; <c>null</c> when there is none.</summary>
    public string? Provider { get; init; }

    public bool TakesTokens { get; init; } = true;
}

/// <summary>The button that uses a one-time link.</summary>
public sealed record LinkView(string Code, string Person);
