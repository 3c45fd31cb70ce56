namespace Countersign.Server.Console.Sessions;

/// <summary>How long a browser stays signed in.</summary>
internal sealed record SessionLimits
{
    /// <summary>Without a request of the person; what a page fetches by itself is none.</summary>
    public TimeSpan Idle { get; init; } = SessionStore.IdleLifetime;

    /// <summary>Since the sign-in, whatever happens.</summary>
    public TimeSpan Absolute { get; init; } = SessionStore.AbsoluteLifetime;
}
