using Countersign.Server.Console;

namespace Countersign.Server.Hosting;

/// <summary>What differs between a server and the demo.</summary>
internal sealed record NodeOptions
{
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Whether the console signs people in by one-time link; for the demo only.</summary>
    public bool AcceptsOneTimeLinks { get; init; }

    /// <summary>Whether the log goes to the terminal; the demo tells its own story there.</summary>
    public bool LogsToTerminal { get; init; } = true;
}
