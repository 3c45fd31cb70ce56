using System.Collections.Immutable;
using System.Security.Cryptography;
using Countersign.Core.Identity;
using Countersign.Core.Policies;
using Countersign.Core.Policies.Documents;
using Countersign.Core.Policies.Yaml;
using Countersign.Server.Channels;
using Countersign.Server.Channels.Email;
using Countersign.Server.Channels.Slack;
using Countersign.Server.Channels.Teams;

namespace Countersign.Server.Configuration;

/// <summary>Reads <c>people:</c> and <c>agents:</c>, and the tokens of both.</summary>
internal sealed class PeopleSection(Section section, IdentitiesSection identities)
{
    /// <summary>The gateway's own name in requests it makes itself; no agent may take it.</summary>
    public static readonly AgentId Reserved = new("countersign");

    private static readonly string[] PersonKeys = 
        ["id", "name", "email", "groups", "roles", "tokens", "accounts", "away"];
    private static readonly string[] AgentKeys = ["id", "owner", "tokens", "identities"];
    private static readonly string[] TokenKeys = ["value", "on_behalf_of"];
    private static readonly string[] AccountKeys = ["slack", "teams", "oidc", "proxy"];
    private static readonly string[] Roles = ["admin", "break-glass"];

    private readonly List<Person> _people = [];
    private readonly List<Agent> _agents = [];
    private readonly List<TokenSettings> _tokens = [];
    private readonly Dictionary<ChannelAccount, PersonId> _accounts = [];
    private readonly Dictionary<PersonId, EmailAddress> _addresses = [];
    private readonly Dictionary<string, SourcePosition> _ids = new(StringComparer.OrdinalIgnoreCase);

    public IReadOnlyList<TokenSettings> Tokens => _tokens;

    public AwaySection Away { get; } = new(section);

    /// <summary>Whose accounts of channels are whose.</summary>
    public ImmutableDictionary<ChannelAccount, PersonId> Accounts => _accounts.ToImmutableDictionary();

    /// <summary>Where mail reaches whom.</summary>
    public ImmutableDictionary<PersonId, EmailAddress> Addresses => _addresses.ToImmutableDictionary();

    public People Read(Fields root)
    {
        foreach (var item in section.Items(root, "people"))
        {
            ReadPerson(item);
        }

        foreach (var item in section.Items(root, "agents"))
        {
            ReadAgent(item);
        }

        RefuseSharedTokens(root.At);
        return new People(_people, _agents);
    }

    private void ReadPerson(YamlNode node)
    {
        if (Fields.Of(node, "a person", PersonKeys, section.Errors) is not { } fields
            || IdOf(fields, "a person") is not { } id)
        {
            return;
        }

        var person = new PersonId(id);
        var groups = Checked(fields, "groups", text => new GroupName(text).Value)
            .Select(name => new GroupName(name)).ToList();
        foreach (var managed in groups.Where(identities.Managed.Contains))
        {
            section.Complain(
                fields.Find("groups")!, $"who is in group '{managed}' says the identity provider; take it out here");
        }

        var roles = section.Texts(fields, "roles");
        foreach (var unknown in roles.Except(Roles))
        {
            section.Errors.Add(fields.At, $"there is no role '{unknown}'", Nearest.To(unknown, Roles));
        }

        _people.Add(new Person(person, section.Text(fields, "name") ?? id, [.. groups], roles.Contains("admin"))
        {
            MayBreakGlass = roles.Contains("break-glass"),
        });
        foreach (var token in section.Items(fields, "tokens"))
        {
            if (SecretOf(token, salt: null) is { } secret)
            {
                _tokens.Add(new TokenSettings.OfPerson(secret, person));
            }
        }

        ReadAccounts(fields, person);
        ReadAddress(fields, person);
        if (fields.Find("away") is { } away)
        {
            Away.Add(person, away);
        }
    }

    private void ReadAddress(Fields person, PersonId id)
    {
        if (person.Find("email") is { } node
            && section.Checked(node, "email", text => EmailAddress.Parse(text).Value) is { } address)
        {
            _addresses[id] = EmailAddress.Parse(address);
        }
    }

    /// <summary>One account that stood for two persons would let one of them vote twice.</summary>
    private void ReadAccounts(Fields person, PersonId id)
    {
        if (person.Find("accounts") is not { } node
            || Fields.Of(node, "accounts", AccountKeys, section.Errors) is not { } accounts)
        {
            return;
        }

        identities.ReadPerson(accounts, id);
        ReadAccounts(accounts, id, SlackOutbox.Channel, "Slack", text => SlackAccount.Parse(text).InChannel);
        ReadAccounts(accounts, id, TeamsOutbox.Channel, "Teams", text => TeamsAccount.Parse(text).InChannel);
    }

    private void ReadAccounts(
        Fields accounts, PersonId id, string key, string title, Func<string, ChannelAccount> parse)
    {
        foreach (var item in accounts.Find(key) is { } node ? Values.ItemsOf(node) : [])
        {
            if (section.Checked(item, key, text => parse(text).Id) is not { } text)
            {
                continue;
            }

            var account = new ChannelAccount(key, text);
            if (!_accounts.TryAdd(account, id))
            {
                section.Errors.Add(item.At, $"the {title} account {text} belongs to '{_accounts[account]}' already");
            }
        }
    }

    private void ReadAgent(YamlNode node)
    {
        if (Fields.Of(node, "an agent", AgentKeys, section.Errors) is not { } fields
            || IdOf(fields, "an agent") is not { } id)
        {
            return;
        }

        var agent = new AgentId(id);
        if (agent == Reserved)
        {
            section.Errors.Add(fields.At, $"'{Reserved}' is the gateway's own name; give the agent another one");
        }

        if (fields.Find("owner") is not { } ownerNode)
        {
            section.ComplainIfLacking(
                fields, "owner", $"agent '{id}' needs 'owner': the person or group that answers for it");
            return;
        }

        if (section.Checked(ownerNode, "owner", Party.Parse) is { } owner)
        {
            RefuseUnknownOwner(owner, ownerNode);
            _agents.Add(new Agent(agent, owner));
            ReadAgentTokens(fields, agent);
            identities.ReadAgent(fields, agent);
        }
    }

    /// <summary>An owner nobody knows would leave the agent's real owner free to approve its actions.</summary>
    private void RefuseUnknownOwner(Party owner, YamlNode node)
    {
        if (owner is Party.OfGroup { Name: var group } && identities.Managed.Contains(group))
        {
            // Who may not approve has to be known even while the provider cannot be asked.
            section.Complain(
                node, $"who is in group '{group}' says the identity provider; an agent belongs to a person, or to a " +
                "group whose members stand here");
        }
        else if (new People(_people, []).MembersOf(owner).IsEmpty)
        {
            var known = _people.Select(person => person.Id.Value)
                .Concat(_people.SelectMany(person => person.Groups).Select(group => "group:" + group.Value));
            // Compared as it is written: a person's name may stand there without "person:".
            var written = node is YamlNode.Scalar { Text: var text } ? text : owner.ToString();
            section.Errors.Add(node.At, $"the owner '{written}' is nobody under people", Nearest.To(written, known));
        }
    }

    private void ReadAgentTokens(Fields fields, AgentId agent)
    {
        var salt = RandomNumberGenerator.GetBytes(TokenSecret.SaltLength);
        foreach (var token in section.Items(fields, "tokens"))
        {
            if (token is not YamlNode.Mapping)
            {
                Add(SecretOf(token, salt), new Asker(agent, OnBehalfOf: null));
                continue;
            }

            if (Fields.Of(token, "a token", TokenKeys, section.Errors) is { } parts)
            {
                ReadDelegatedToken(parts, agent, salt);
            }
        }
    }

    private void ReadDelegatedToken(Fields parts, AgentId agent, byte[] salt)
    {
        if (parts.Find("value") is not { } value)
        {
            section.ComplainIfLacking(parts, "value", "a token needs 'value'");
            return;
        }

        PersonId? person = null;
        if (parts.Find("on_behalf_of") is { } node)
        {
            person = PersonOf(node);
            if (person is null)
            {
                return;
            }
        }

        Add(SecretOf(value, salt), new Asker(agent, person));
    }

    private PersonId? PersonOf(YamlNode node)
    {
        var name = Values.Text(node, "on_behalf_of", section.Errors)?.Text;
        if (name is null || _people.Any(person => person.Id.Value == name))
        {
            return name is null ? null : new PersonId(name);
        }

        section.Errors.Add(
            node.At, $"'{name}' is nobody under people", Nearest.To(name, _people.Select(person => person.Id.Value)));
        return null;
    }

    private void Add(TokenSecret? secret, Asker asker)
    {
        if (secret is not null)
        {
            _tokens.Add(new TokenSettings.OfAgent(secret, asker));
        }
    }

    private TokenSecret? SecretOf(YamlNode node, byte[]? salt)
    {
        if (section.Secrets.Resolve(node, "the token") is not { } text)
        {
            return null;
        }

        var (secret, problem) = TokenSecret.Parse(text, salt);
        if (problem is not null)
        {
            section.Errors.Add(node.At, "the token " + problem);
        }

        return secret;
    }

    private string? IdOf(Fields fields, string what)
    {
        if (fields.Find("id") is not { } node)
        {
            section.ComplainIfLacking(fields, "id", $"{what} needs 'id'");
            return null;
        }

        var id = section.Checked(node, "id", text => new PersonId(text).Value);
        if (id is not null && !_ids.TryAdd(id, node.At))
        {
            section.Errors.Add(
                node.At, $"the id '{id}' is taken in line {_ids[id].Line}; ids differ in more than case");
            return null;
        }

        return id;
    }

    private IEnumerable<string> Checked(Fields fields, string key, Func<string, string> check) =>
        section.Items(fields, key).Select(item => section.Checked(item, key, check)).OfType<string>();

    /// <summary>One token that stood for two callers would make one of them the other.</summary>
    private void RefuseSharedTokens(SourcePosition at)
    {
        var shared = _tokens
            .Where(token => token.Secret is TokenSecret.Hashed)
            .GroupBy(token => ((TokenSecret.Hashed)token.Secret).Hash)
            .Where(group => group.Count() > 1);
        foreach (var group in shared)
        {
            var names = group.Select(token => token is TokenSettings.OfPerson person
                ? person.Person.Value
                : ((TokenSettings.OfAgent)token).Asker.Agent.Value);
            section.Errors.Add(at, $"one token stands for {string.Join(" and ", names)}; give each its own");
        }
    }
}
