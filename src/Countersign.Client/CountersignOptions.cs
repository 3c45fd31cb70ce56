namespace Countersign.Client;

/// <summary>Where the server is, and as whom to talk to it.</summary>
/// <param name="Address">The server's address, such as <c>https://countersign.example.com</c>.</param>
/// <param name="Token">A token of an agent, or of a person for <see cref="CountersignClient.VoteAsync"/>.</param>
public sealed record CountersignOptions(Uri Address, string Token)
{
    /// <summary>The name of the environment variable that holds the server's address.</summary>
    public const string AddressVariable = "COUNTERSIGN_URL";

    /// <summary>The name of the environment variable that holds the token.</summary>
    public const string TokenVariable = "COUNTERSIGN_TOKEN";

    /// <summary>
    /// How long one request waits for news before the next one is sent; by default 50 seconds, which proxies bear. It
    /// stays below the time-out of the HTTP client.
    /// </summary>
    public TimeSpan Poll { get; init; } = TimeSpan.FromSeconds(50);

    /// <summary>How long to pause before a request is repeated that the server could not answer.</summary>
    public TimeSpan Pause { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The clock of waits and pauses.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Reads <c>COUNTERSIGN_URL</c> and <c>COUNTERSIGN_TOKEN</c>, like the command line.</summary>
    /// <exception cref="InvalidOperationException">One of them is missing, or the address is none.</exception>
    public static CountersignOptions FromEnvironment()
    {
        var address = Variable(AddressVariable);
        return Uri.TryCreate(address, UriKind.Absolute, out var url) && url.Scheme is "http" or "https"
            ? new CountersignOptions(url, Variable(TokenVariable))
            : throw new InvalidOperationException(
                $"{AddressVariable} is '{address}'; it has to be an address like http://127.0.0.1:7070.");
    }

    /// <summary>Without the token.</summary>
    public override string ToString() => $"{nameof(CountersignOptions)} {{ {nameof(Address)} = {Address} }}";

    private static string Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value
        ? value
        : throw new InvalidOperationException($"Set the environment variable {name}.");
}
