namespace Countersign.Server.Channels.Slack;

/// <summary>
/// A Slack user: the team or enterprise, and the user's id in it. Names and e-mail addresses identify nobody.
/// </summary>
internal readonly record struct SlackAccount
{
    private const int MaxLength = 40;

    private readonly string? _home;
    private readonly string? _user;

    private SlackAccount(string home, string user) => (_home, _user) = (home, user);

    /// <summary>Id of the team (<c>T…</c>) or enterprise (<c>E…</c>).</summary>
    public string Home => _home ?? throw new InvalidOperationException("A default SlackAccount is nobody's.");

    /// <summary>Id of the user (<c>U…</c> or <c>W…</c>).</summary>
    public string User => _user ?? throw new InvalidOperationException("A default SlackAccount is nobody's.");

    /// <summary>Reads <c>T0123/U0456</c>.</summary>
    /// <exception cref="FormatException">It is no account; the text says what one looks like.</exception>
    public static SlackAccount Parse(string text) =>
        text.Split('/') is [var home, var user] && TryOf(home, user) is { } account
            ? account
            : throw new FormatException(
                $"'{text}' is no Slack account: write the team or enterprise and the user, like T0123/U0456");

    public static SlackAccount? TryOf(string? home, string? user) =>
        IsId(home, 'T', 'E') && IsId(user, 'U', 'W') ? new SlackAccount(home!, user!) : null;

    public ChannelAccount InChannel => new(SlackOutbox.Channel, ToString());

    public override string ToString() => $"{_home}/{_user}";

    private static bool IsId(string? text, char first, char other) =>
        text is { Length: > 1 and <= MaxLength }
        && (text[0] == first || text[0] == other)
        && text.All(c => char.IsAsciiDigit(c) || char.IsAsciiLetterUpper(c));
}
