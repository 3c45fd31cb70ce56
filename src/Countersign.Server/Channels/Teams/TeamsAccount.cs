namespace Countersign.Server.Channels.Teams;

/// <summary>
/// A Teams user: the Entra tenant and the user's object id in it. Names, e-mail addresses and the bot's own ids for
/// users identify nobody.
/// </summary>
internal readonly record struct TeamsAccount(Guid Tenant, Guid User)
{
    public ChannelAccount InChannel => new(TeamsOutbox.Channel, ToString());

    /// <summary>Reads tenant and object id with a slash between, in either case.</summary>
    /// <exception cref="FormatException">It is no account; the text says what one looks like.</exception>
    public static TeamsAccount Parse(string text) =>
        text.Split('/') is [var home, var id]
        && Guid.TryParseExact(home, "D", out var tenant)
        && Guid.TryParseExact(id, "D", out var user)
            ? new TeamsAccount(tenant, user)
            : throw new FormatException(
                $"'{text}' is no Teams account: write the tenant's id and the user's object id with a slash between, " +
                "each like 6f9619ff-8b86-4d01-b42d-00cf4fc964ff");

    /// <summary>Lower case, so that one account has one spelling.</summary>
    public override string ToString() => $"{Tenant:D}/{User:D}";
}
