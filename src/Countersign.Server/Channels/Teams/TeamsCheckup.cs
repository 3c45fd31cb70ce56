using Countersign.Server.SignIn;

namespace Countersign.Server.Channels.Teams;

/// <summary>What <c>countersign doctor</c> asks Teams: the issuer's keys, a token of our own, whose accounts.</summary>
internal sealed class TeamsCheckup(ChannelSettings settings, TeamsOptions options)
{
    public async Task<IReadOnlyList<(bool Ok, string Text)>> RunAsync(CancellationToken cancellationToken)
    {
        using var http = new ProviderHttp(TimeProvider.System);
        using var access = new TeamsAccess(options, http, TimeProvider.System);
        return
        [
            await TryAsync("teams metadata_url", async () =>
            {
                var document = ProviderDocument.Parse(
                    TeamsOptions.Issuer, await http.GetAsync(options.Metadata, cancellationToken));
                await http.GetAsync(document.Keys, cancellationToken);
            }),
            await TryAsync("teams app_password", () => access.FindAsync(cancellationToken)),
            Accounts(),
        ];
    }

    private (bool Ok, string Text) Accounts()
    {
        var foreign = settings.Accounts.Keys
            .Where(account => account.Channel == TeamsOutbox.Channel)
            .Select(account => TeamsAccount.Parse(account.Id))
            .Where(account => account.Tenant != options.Tenant)
            .Select(account => account.ToString())
            .Order(StringComparer.Ordinal)
            .ToList();
        return foreign.Count == 0
            ? (true, "teams accounts")
            : (false, $"teams accounts: these are of other tenants and decide nothing: {string.Join(", ", foreign)}");
    }

    private static async Task<(bool Ok, string Text)> TryAsync(string what, Func<Task> check)
    {
        try
        {
            await check();
            return (true, what);
        }
        catch (Exception failure) when (failure is TeamsException or ProviderException)
        {
            return (false, $"{what}: {failure.Message}");
        }
    }
}
