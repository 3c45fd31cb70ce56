namespace Countersign.Server.Channels.Email;

/// <summary>What <c>countersign doctor</c> asks the mail server, without sending anything.</summary>
internal static class EmailCheckup
{
    public static async Task<IReadOnlyList<(bool Ok, string Text)>> RunAsync(
        ChannelSettings settings, EmailOptions options, CancellationToken cancellationToken) =>
    [
        await AskAsync(options, cancellationToken),
        settings.Addresses.IsEmpty
            ? (false, "email recipients: nobody under people has an 'email', so no mail would ever be sent")
            : (true, $"email recipients: {settings.Addresses.Count}"),
    ];

    private static async Task<(bool Ok, string Text)> AskAsync(
        EmailOptions options, CancellationToken cancellationToken)
    {
        var what = $"email smtp {options.Host}:{options.Port}";
        using var server = new EmailServer(options, TimeProvider.System);
        return await server.LookAsync(cancellationToken) switch
        {
            EmailReply.Away away => (false, $"{what}: {away.Why} Correct 'smtp', or start the server."),
            EmailReply.Locked locked => (false, $"{what}: {locked.Why} Correct the user in 'smtp', or 'password'."),
            _ => (true, what),
        };
    }
}
