using System.Collections.Immutable;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Countersign.Core.Identity;
using Countersign.Core.Identity.Tokens;
using Countersign.Server.Configuration;
using Microsoft.AspNetCore.Http.Extensions;

namespace Countersign.Server.SignIn;

/// <summary>
/// Signs people in with the authorization code flow of OpenID Connect (Core section 3.1): (1) the browser is sent to
/// the provider with a state, a nonce and the hash of a verifier; (2) it comes back with a code; (3) this server
/// changes the code and the verifier for an ID token, which it checks.
/// </summary>
internal sealed class OpenIdProvider(ProviderOptions options, TokenIssuer issuer, ProviderHttp http)
{
    private const string VerifierMethod = "S256";

    private static readonly string[] Errors =
        ["invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "invalid_scope"];

    public ProviderOptions Options => options;

    /// <summary>Step 1: where the browser goes.</summary>
    /// <exception cref="ProviderException">The provider cannot be asked where that is.</exception>
    public async Task<Uri> AddressForAsync(
        SignInQuestion question, Uri redirect, CancellationToken cancellationToken)
    {
        var document = await issuer.DescribeAsync(cancellationToken);
        var address = document.Authorization ?? throw Lacks("authorization_endpoint");
        var query = new QueryBuilder
        {
            { "response_type", "code" },
            { "client_id", options.ClientId },
            { "redirect_uri", redirect.AbsoluteUri },
            { "scope", string.Join(' ', options.Scopes.Insert(0, "openid").Distinct()) },
            { "state", question.State },
            { "nonce", question.Nonce },
            { "code_challenge", ChallengeOf(question.Verifier) },
            { "code_challenge_method", VerifierMethod },
        };
        var rest = query.ToQueryString().Value![1..];
        return new UriBuilder(address)
        {
            Query = address.Query.Length > 1 ? $"{address.Query[1..]}&{rest}" : rest,
        }.Uri;
    }

    /// <summary>Whether an answer is this provider's, as far as it says so itself (RFC 9207 section 2.4).</summary>
    /// <exception cref="ProviderException">The provider cannot be asked whether it names itself.</exception>
    public async Task<bool> IsFromHereAsync(string? named, CancellationToken cancellationToken) =>
        named is { Length: > 0 }
            ? named == options.Issuer.Issuer
            : !(await issuer.DescribeAsync(cancellationToken)).NamesItself;

    /// <summary>Step 3.</summary>
    /// <exception cref="ProviderException">The provider cannot be asked.</exception>
    public Task<ProviderAnswer> RedeemAsync(
        string code, SignInQuestion question, Uri redirect, CancellationToken cancellationToken) =>
        AskAsync(
            new Dictionary<string, string>
            {
                ["grant_type"] = "authorization_code",
                ["code"] = code,
                ["redirect_uri"] = redirect.AbsoluteUri,
                ["code_verifier"] = question.Verifier,
            },
            new Expected(question.Nonce, Subject: null, ProviderTokens.None),
            cancellationToken);

    /// <summary>Asks again who somebody is who signed in before, and what groups they are in.</summary>
    /// <exception cref="ProviderException">The provider cannot be asked.</exception>
    public async Task<ProviderAnswer> RereadAsync(
        Subject subject, ProviderTokens tokens, CancellationToken cancellationToken)
    {
        if (tokens.Refresh is { } refresh)
        {
            return await AskAsync(
                new Dictionary<string, string>
                {
                    ["grant_type"] = "refresh_token",
                    ["refresh_token"] = refresh,
                },
                new Expected(Nonce: null, subject, tokens),
                cancellationToken);
        }

        return tokens.Access is null
            ? new ProviderAnswer.Refused("It gave no token to ask again with.")
            : await ReadUserInfoAsync(subject, tokens, cancellationToken);
    }

    private async Task<ProviderAnswer> AskAsync(
        Dictionary<string, string> form, Expected expected, CancellationToken cancellationToken)
    {
        var document = await issuer.DescribeAsync(cancellationToken);
        var authorization = Identify(form, document);
        var (status, json) = await http.PostAsync(
            document.Token ?? throw Lacks("token_endpoint"), form, authorization, cancellationToken);
        if (status != HttpStatusCode.OK || json is not { } answer)
        {
            return (int)status is >= 400 and < 500 and not (408 or 429)
                ? new ProviderAnswer.Refused(ErrorIn(json))
                : throw new ProviderException($"{options.Issuer.Issuer} answered HTTP {(int)status}.");
        }

        var tokens = new ProviderTokens(Text(answer, "access_token"), Text(answer, "refresh_token"))
            .OrElse(expected.Tokens);
        return Text(answer, "id_token") is { } text
            ? await CheckAsync(text, expected, tokens, cancellationToken)
            : expected.Subject is { } subject
                ? await ReadUserInfoAsync(subject, tokens, cancellationToken)
                : new ProviderAnswer.Refused("It answered without an ID token.");
    }

    private async Task<ProviderAnswer> CheckAsync(
        string text, Expected expected, ProviderTokens tokens, CancellationToken cancellationToken)
    {
        if (!JsonWebToken.TryParse(text, out var token))
        {
            return new ProviderAnswer.Refused("Its ID token cannot be read.");
        }

        var rules = issuer.Rules with { IsIdToken = true, Nonce = expected.Nonce };
        switch (await issuer.VerifyAsync(token, rules, cancellationToken))
        {
            case TokenCheck.Passed { Claims: var claims }
                when expected.Subject is { } subject && claims.Subject != subject:
                return new ProviderAnswer.Refused("Its ID token is about somebody else.");
            case TokenCheck.Passed { Claims: var claims }
                when claims.Has(options.GroupsClaim) || options.Groups.IsEmpty:
                return new ProviderAnswer.Known(
                    claims.Subject, GroupsOf(claims.FindTexts(options.GroupsClaim)), tokens);
            case TokenCheck.Passed { Claims: var claims }:
                return await ReadUserInfoAsync(claims.Subject, tokens, cancellationToken);
            case TokenCheck.Failed failed:
                return new ProviderAnswer.Refused($"Its ID token is refused. {failed.Why}");
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    /// <summary>
    /// The provider's page about somebody (Core section 5.3). Whom it is about is compared, because the answer is not
    /// signed (section 5.3.2).
    /// </summary>
    private async Task<ProviderAnswer> ReadUserInfoAsync(
        Subject subject, ProviderTokens tokens, CancellationToken cancellationToken)
    {
        var document = await issuer.DescribeAsync(cancellationToken);
        if (document.UserInfo is not { } address || tokens.Access is not { } access)
        {
            return new ProviderAnswer.Known(subject, Groups: [], tokens);
        }

        var (status, json) = await http.GetAsync(
            address, new AuthenticationHeaderValue("Bearer", access), cancellationToken);
        return status switch
        {
            HttpStatusCode.OK when json is { } about && Text(about, "sub") == subject.Name =>
                new ProviderAnswer.Known(
                    subject,
                    GroupsOf(about.TryGetProperty(options.GroupsClaim, out var groups)
                        ? TokenClaims.TextsOf(groups)
                        : null),
                    tokens),
            HttpStatusCode.OK => new ProviderAnswer.Refused("Its page about the person is about somebody else."),
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden =>
                new ProviderAnswer.Refused("It does not take its own token any more."),
            _ => throw new ProviderException($"{address.Host} answered HTTP {(int)status}."),
        };
    }

    /// <summary>
    /// A claim that is missing or unreadable puts nobody into a group; of the others only those with a meaning here are
    /// kept.
    /// </summary>
    private ImmutableHashSet<string> GroupsOf(ImmutableHashSet<string>? named) =>
        [.. (named ?? []).Where(options.Groups.ContainsKey)];

    /// <summary>The client says who it is as RFC 6749 section 2.3.1 prefers it, unless the provider cannot.</summary>
    private AuthenticationHeaderValue? Identify(Dictionary<string, string> form, ProviderDocument document)
    {
        if (options.ClientSecret is not { } secret)
        {
            form["client_id"] = options.ClientId;
            return null;
        }

        if (document.WantsSecretInForm)
        {
            (form["client_id"], form["client_secret"]) = (options.ClientId, secret.Reveal());
            return null;
        }

        var pair = $"{Uri.EscapeDataString(options.ClientId)}:{Uri.EscapeDataString(secret.Reveal())}";
        return new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(pair)));
    }

    /// <summary>RFC 7636 section 4.2.</summary>
    private static string ChallengeOf(string verifier) =>
        System.Buffers.Text.Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(verifier)));

    /// <summary>The code of RFC 6749 section 5.2; never a description, which may repeat what was sent.</summary>
    private static string ErrorIn(JsonElement? json) =>
        json is { } answer && Text(answer, "error") is { } error && Errors.Contains(error)
            ? $"It answered '{error}'."
            : "It refused.";

    private static string? Text(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private ProviderException Lacks(string what) =>
        new($"The discovery document of {options.Issuer.Issuer} names no https '{what}'.");

    private sealed record Expected(string? Nonce, Subject? Subject, ProviderTokens Tokens);
}

/// <summary>What ties a browser's way to the provider and back together.</summary>
/// <param name="State">Comes back with the code (RFC 6749 section 10.12).</param>
/// <param name="Nonce">Comes back in the ID token.</param>
/// <param name="Verifier">Whoever has the code and not this gets nothing (RFC 7636).</param>
internal sealed record SignInQuestion(string State, string Nonce, string Verifier);

/// <summary>What a provider gave to ask it again with.</summary>
internal sealed record ProviderTokens(string? Access, string? Refresh)
{
    public static ProviderTokens None { get; } = new(Access: null, Refresh: null);

    /// <summary>A provider that does not rotate a refresh token does not repeat it (RFC 6749 section 6).</summary>
    public ProviderTokens OrElse(ProviderTokens earlier) => new(Access ?? earlier.Access, Refresh ?? earlier.Refresh);

    /// <summary>No token is ever printed.</summary>
    public override string ToString() => "tokens of a provider";
}

/// <summary>What a provider says of a person.</summary>
internal abstract record ProviderAnswer
{
    private ProviderAnswer()
    {
    }

    public sealed record Known(Subject Subject, ImmutableHashSet<string> Groups, ProviderTokens Tokens)
        : ProviderAnswer;

    /// <summary>It answered, and vouches for nobody.</summary>
    public sealed record Refused(string Why) : ProviderAnswer;
}
