package innkeep.documentstore;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.function.Supplier;
import org.h2.mvstore.MVMap;
import org.h2.mvstore.MVStore;

/**
 * The documents of one collection by key, in the order of the keys.
 *
 * <p>The store gives away the space of what was replaced as soon as nobody says that he still reads it. So each access says
 * so, and no access is long: a walk over many documents looks anew every few hundred keys, and sees what was written
 * meanwhile, as a cursor of MongoDB does.
 */
final class DocumentMap {
  private static final int KEYS_AT_ONCE = 256;

  private final MVStore store;
  private final MVMap<Object, byte[]> map;

  DocumentMap(MVStore store, String name) {
    this.store = store;
    this.map = store.openMap(name, new MVMap.Builder<Object, byte[]>().valueType(BytesType.INSTANCE));
  }

  byte[] get(Object key) {
    return inUse(() -> map.get(key));
  }

  boolean contains(Object key) {
    return get(key) != null;
  }

  void put(Object key, byte[] document) {
    inUse(() -> map.put(key, document));
  }

  void remove(Object key) {
    inUse(() -> map.remove(key));
  }

  long size() {
    return map.sizeAsLong();
  }

  /** The keys from this one on, or all of them when it is null. */
  Iterator<Object> keysFrom(Object first) {
    return new Walk(first);
  }

  void drop() {
    store.removeMap(map);
  }

  void rename(String name) {
    store.renameMap(map, name);
  }

  private <T> T inUse(Supplier<T> access) {
    MVStore.TxCounter use = store.registerVersionUsage();
    try {
      return access.get();
    } finally {
      store.deregisterVersionUsage(use);
    }
  }

  private final class Walk implements Iterator<Object> {
    private final Deque<Object> next = new ArrayDeque<>(KEYS_AT_ONCE);
    private Object from;
    private Object last;
    private boolean exhausted;

    Walk(Object from) {
      this.from = from;
    }

    @Override
    public boolean hasNext() {
      if (next.isEmpty() && !exhausted) {
        exhausted = inUse(this::readOn);
      }
      return !next.isEmpty();
    }

    @Override
    public Object next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      return next.poll();
    }

    /** Reads the keys that follow and tells whether they were the last ones. */
    private boolean readOn() {
      Iterator<Object> keys = map.keyIterator(from);
      while (keys.hasNext() && next.size() < KEYS_AT_ONCE) {
        Object key = keys.next();
        if (last == null || map.getKeyType().compare(key, last) > 0) {
          next.add(key);
        }
      }
      if (!next.isEmpty()) {
        last = next.peekLast();
        from = last;
      }
      return !keys.hasNext();
    }
  }
}
