using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Collections.Immutable;
using Countersign.Core.Identity;
using Countersign.Core.Reviews;
using Countersign.Gates.Access;

namespace Countersign.Server.Configuration;

/// <summary>
/// Finds out whose token was presented. Only hashes are kept, and they are compared, never the tokens.
/// </summary>
internal sealed class Tokens
{
    /// <summary>
    /// How many SCRAM results are remembered, so that a busy agent does not pay the key derivation per call.
    /// </summary>
    private const int MaxRemembered = 1024;

    private readonly FrozenDictionary<string, Caller> _byHash;
    private readonly ImmutableArray<(TokenSecret.Scram Secret, Caller Caller)> _verifiers;
    private readonly ConcurrentDictionary<string, Caller> _remembered = new();

    public Tokens(IEnumerable<TokenSettings> tokens)
    {
        var all = tokens.ToList();
        _byHash = all
            .Where(token => token.Secret is TokenSecret.Hashed)
            .ToFrozenDictionary(token => ((TokenSecret.Hashed)token.Secret).Hash, CallerOf);
        _verifiers =
        [
            .. all.Where(token => token.Secret is TokenSecret.Scram)
                .Select(token => ((TokenSecret.Scram)token.Secret, CallerOf(token))),
        ];
    }

    public Caller? Find(string token)
    {
        if (token.Length is 0 or > 1024)
        {
            return null;
        }

        var hash = TokenSecret.HashOf(token);
        return _byHash.GetValueOrDefault(hash) ?? _remembered.GetValueOrDefault(hash) ?? FindByVerifier(token, hash);
    }

    private static Caller CallerOf(TokenSettings token) => token switch
    {
        TokenSettings.OfAgent agent => new Caller.OfAgent(agent.Asker),
        TokenSettings.OfPerson person => new Caller.OfPerson(new Voter(person.Person, Assurance.Token)),
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    private Caller? FindByVerifier(string token, string hash)
    {
        var caller = _verifiers.FirstOrDefault(candidate => candidate.Secret.Matches(token)).Caller;
        if (caller is not null && _remembered.Count < MaxRemembered)
        {
            _remembered[hash] = caller;
        }

        return caller;
    }
}
