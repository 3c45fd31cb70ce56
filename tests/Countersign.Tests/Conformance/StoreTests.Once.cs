using Countersign.Core.Storage;

namespace Countersign.Tests.Conformance;

public abstract partial class StoreTests
{
    private static readonly TimeSpan s_minute = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task What_may_happen_once_is_remembered_over_a_restart_and_for_its_time()
    {
        Assert.Equal(OnceState.Begun, await BeginAsync("a"));
        Assert.Equal(OnceState.UnderWay, await BeginAsync("a"));
        await Store.EndOnceAsync("a", Time.GetUtcNow() + (2 * s_minute), Cancel);

        await ReopenAsync();

        Assert.Equal(OnceState.Done, await BeginAsync("a"));
        Assert.Equal(OnceState.Begun, await BeginAsync("b"));
        Time.Advance(s_minute);
        Assert.Equal(OnceState.Done, await BeginAsync("a"));
        Assert.Equal(OnceState.Begun, await BeginAsync("b"));
        Time.Advance(s_minute);
        Assert.Equal(OnceState.Begun, await BeginAsync("a"));
    }

    [Fact]
    public async Task What_came_to_nothing_may_be_tried_again()
    {
        await BeginAsync("a");
        await Store.EndOnceAsync("a", doneUntil: null, Cancel);

        Assert.Equal(OnceState.Begun, await BeginAsync("a"));
    }

    [Fact]
    public async Task Of_many_at_once_one_begins()
    {
        var states = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => BeginAsync("a")));

        Assert.Single(states, OnceState.Begun);
    }

    private Task<OnceState> BeginAsync(string key) =>
        Store.BeginOnceAsync(key, Time.GetUtcNow() + s_minute, Cancel);
}
