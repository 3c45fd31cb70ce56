using System.Net;
using Countersign.Gates.Postgres.Wire.Login;
using Countersign.Tests.Support;

namespace Countersign.Tests.Postgres.Wire.Login;

public sealed class CancelKeysTests
{
    private static readonly IPAddress s_here = IPAddress.Loopback;
    private static readonly IPAddress s_elsewhere = IPAddress.Parse("192.0.2.7");

    private readonly ManualTime _time = new();
    private readonly CancelKeys<string> _keys;

    public CancelKeysTests() => _keys = new CancelKeys<string>(_time);

    [Theory]
    [InlineData(0, 4)]
    [InlineData(2, 32)]
    public void A_key_finds_its_session_until_it_is_withdrawn(int minor, int length)
    {
        var key = _keys.Issue("session", minor);
        var other = _keys.Issue("other", minor);

        Assert.Equal(length, key.Key.Length);
        Assert.Equal("session", _keys.Find(key.ProcessId, key.Key, s_here));
        Assert.Equal("other", _keys.Find(other.ProcessId, other.Key, s_here));
        _keys.Withdraw(key);
        Assert.Null(_keys.Find(key.ProcessId, key.Key, s_here));
    }

    [Fact]
    public void A_key_of_another_session_or_length_finds_nothing()
    {
        var key = _keys.Issue("session", minor: 2);
        var other = _keys.Issue("other", minor: 0);

        Assert.Null(_keys.Find(key.ProcessId, other.Key, s_here));
        Assert.Null(_keys.Find(key.ProcessId, key.Key.AsSpan(0, 4), s_here));
        Assert.Null(_keys.Find(key.ProcessId, [], s_here));
    }

    [Fact]
    public void Who_guesses_is_not_heard_for_a_while_and_others_are()
    {
        var key = _keys.Issue("session", minor: 0);
        for (var guess = 0; guess < CancelKeys<string>.MostGuesses; guess++)
        {
            Assert.Null(_keys.Find(key.ProcessId, [1, 2, 3, 4, 5], s_here));
        }

        Assert.Null(_keys.Find(key.ProcessId, key.Key, s_here));
        Assert.Equal("session", _keys.Find(key.ProcessId, key.Key, s_elsewhere));
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal("session", _keys.Find(key.ProcessId, key.Key, s_here));
    }

    [Fact]
    public void A_crowd_of_addresses_takes_no_more_memory_and_shares_its_guesses()
    {
        var key = _keys.Issue("session", minor: 0);
        for (var address = 0; address < 5000; address++)
        {
            _keys.Find(key.ProcessId, [], new IPAddress(0x0A000000L + address));
        }

        Assert.Null(_keys.Find(key.ProcessId, key.Key, s_elsewhere));
        Assert.Equal("session", _keys.Find(key.ProcessId, key.Key, new IPAddress(0x0A000000L)));
    }
}
