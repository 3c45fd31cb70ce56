using System.Collections.Immutable;
using System.Text.Json;
using Countersign.Server.SignIn;

namespace Countersign.Server.Channels.Teams;

/// <summary>
/// The access token with which the connector is called (OAuth 2.0 client credentials, RFC 6749 section 4.4). It is kept
/// until shortly before its end, and asked for once however many wait for it.
/// </summary>
internal sealed class TeamsAccess(TeamsOptions options, ProviderHttp http, TimeProvider time) : IDisposable
{
    /// <summary>A token that ends while a call is under way would fail it.</summary>
    private static readonly TimeSpan Margin = TimeSpan.FromMinutes(5);

    /// <summary>Beyond this the service is asked again, so that a password that was taken back is known.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(30);

    private readonly SemaphoreSlim _asking = new(1);

    // Written while asking only.
    private volatile Held? _held;

    /// <exception cref="TeamsException">There is none; the text says why.</exception>
    public async Task<string> FindAsync(CancellationToken cancellationToken)
    {
        if (Fresh is { } known)
        {
            return known.Token;
        }

        await _asking.WaitAsync(cancellationToken);
        try
        {
            _held = Fresh ?? await AskAsync(cancellationToken);
            return _held.Token;
        }
        finally
        {
            _asking.Release();
        }
    }

    public void Forget() => _held = null;

    public void Dispose() => _asking.Dispose();

    private Held? Fresh => _held is { } held && time.GetUtcNow() < held.Until ? held : null;

    private async Task<Held> AskAsync(CancellationToken cancellationToken)
    {
        var form = ImmutableDictionary.CreateRange(
        [
            KeyValuePair.Create("grant_type", "client_credentials"),
            KeyValuePair.Create("client_id", options.AppId),
            KeyValuePair.Create("client_secret", options.AppPassword),
            KeyValuePair.Create("scope", TeamsOptions.Scope),
        ]);
        try
        {
            var asked = time.GetUtcNow();
            var (status, json) = await http.PostAsync(options.Token, form, authorization: null, cancellationToken);
            return TokenOf(json) is { } token
                ? new Held(token, asked + LifeOf(json!.Value))
                : throw new TeamsException(
                    $"{options.Token.Host} gives no token for the Teams app (HTTP {(int)status}). Look at 'app_id', " +
                    "'app_password' and 'tenant'.");
        }
        catch (ProviderException away)
        {
            throw new TeamsException(away.Message);
        }
    }

    private static string? TokenOf(JsonElement? json) =>
        TeamsActivity.Member(json, "access_token") is { ValueKind: JsonValueKind.String } token
        && token.GetString() is { Length: > 0 } text
            ? text
            : null;

    private static TimeSpan LifeOf(JsonElement json)
    {
        var told = json.TryGetProperty("expires_in", out var value) && value.ValueKind == JsonValueKind.Number
            && value.TryGetInt32(out var seconds)
                ? TimeSpan.FromSeconds(Math.Max(0, seconds))
                : Margin;
        var life = told > 2 * Margin ? told - Margin : told / 2;
        return life < Longest ? life : Longest;
    }

    private sealed record Held(string Token, DateTimeOffset Until);
}
