using System.Collections.Immutable;
using Countersign.Core.Actions;
using Countersign.Core.Ledger;
using Countersign.Core.Storage;

namespace Countersign.Tests.Support;

/// <summary>What channels keep: messages that wait, where actions are shown, whose accounts are whose.</summary>
internal sealed partial class MemoryStore
{
    private static readonly TimeSpan s_hold = TimeSpan.FromMinutes(1);

    // Guarded by _lock, like everything of this store.
    private readonly Dictionary<long, (OutboxRow Row, DateTimeOffset? TakenUntil)> _outbox = [];
    private readonly Dictionary<(string, ActionId), string> _postings = [];
    private readonly Dictionary<AccountKey, AccountLink> _accounts = [];
    private long _lastMessage;

    /// <summary>Every message that was not delivered yet.</summary>
    public ImmutableArray<OutboxRow> Outbox
    {
        get
        {
            lock (_lock)
            {
                return [.. _outbox.Values.Select(message => message.Row).OrderBy(row => row.Id)];
            }
        }
    }

    public Task<ImmutableArray<OutboxRow>> TakeOutboxAsync(
        string channel, int limit, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            var now = Now;
            var taken = _outbox.Values
                .Where(message => message.Row.Channel == channel && message.Row.NotBefore <= now)
                .Where(message => message.TakenUntil is null || message.TakenUntil <= now)
                .OrderBy(message => message.Row.NotBefore).ThenBy(message => message.Row.Id)
                .Take(limit)
                .Select(message => message.Row with { Attempts = message.Row.Attempts + 1 })
                .ToImmutableArray();
            foreach (var row in taken)
            {
                _outbox[row.Id] = (row, now + s_hold);
            }

            return Task.FromResult(taken);
        }
    }

    public Task SettleOutboxAsync(long id, DateTimeOffset? retryAt, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (retryAt is { } at)
            {
                _outbox[id] = (_outbox[id].Row with { NotBefore = at }, null);
            }
            else
            {
                _outbox.Remove(id);
            }
        }

        return Task.CompletedTask;
    }

    public Task<string?> FindPostingAsync(string channel, ActionId action, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return Task.FromResult(_postings.GetValueOrDefault((channel, action)));
        }
    }

    public Task KeepPostingAsync(string channel, ActionId action, string place, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            _postings[(channel, action)] = place;
        }

        return Task.CompletedTask;
    }

    public Task<AccountLink?> FindAccountAsync(AccountKey account, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return Task.FromResult(_accounts.GetValueOrDefault(account));
        }
    }

    public Task<ImmutableArray<AccountLink>> FindAccountsAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return Task.FromResult<ImmutableArray<AccountLink>>([.. _accounts.Values.OrderBy(link => link.Entry)]);
        }
    }

    private ConflictReason? WhyNotLinked(AccountWrite? write) => write switch
    {
        AccountWrite.Links links when _accounts.ContainsKey(links.Account) => ConflictReason.AccountTaken,
        AccountWrite.Unlinks unlinks when _accounts.GetValueOrDefault(unlinks.Account)?.Entry != unlinks.Entry =>
            ConflictReason.AccountNotLinked,
        _ => null,
    };

    private void ApplyChannels(Change change, int first)
    {
        foreach (var draft in change.Outbox)
        {
            var id = ++_lastMessage;
            _outbox[id] = (
                new OutboxRow(id, draft.Channel, draft.Action, draft.Revision, draft.Kind, Attempts: 0, Now)
                {
                    Entry = draft.Action is null ? first : null,
                },
                null);
        }

        switch (change.Account)
        {
            case AccountWrite.Links links:
                var index = change.Entries.ToList().FindIndex(entry => entry.Type == EntryType.PersonChanged);
                _accounts[links.Account] = new AccountLink(
                    links.Account, first + index, change.Entries[index].Payload);
                break;
            case AccountWrite.Unlinks unlinks:
                _accounts.Remove(unlinks.Account);
                break;
        }
    }
}
