import { openedDriver } from '../../domain/opened-driver.ts';
import { cannotTell, pass } from '../step.ts';
import { step } from './question.ts';

export const driverOpens = step({
  stage: 'auth',
  side: 'server',
  question: 'Has the daemon a driver for what the URI opens?',
  source: 'libvirt src/libvirt.c: virConnectOpenInternal; src/driver.c: virConnectValidateURIPath',
  needs: {},
  take({ uri }) {
    const { opens } = uri;
    const outcome = openedDriver(opens);
    switch (outcome.state) {
      case 'opens':
        return pass(opens === '' ? 'the daemon chooses' : opens);
      case 'unknown':
        return cannotTell(`whether the daemon has a driver for ${opens} was not looked at`);
      case 'refused':
        return {
          outcome: 'fail',
          message: `the client gets in, and the daemon refuses to open ${opens}`,
          clientText: outcome.error,
          serverText: outcome.error,
          failure: {
            side: 'client',
            why: 'the path and the scheme of the URI go to the daemon, which opens its driver by them',
            rules: [],
            fix: {
              title: 'Open the URI of the system',
              applicability: 'manual',
              steps: [{ kind: 'manual', instruction: `Write qemu+${uri.transport}://${uri.host}/system` }],
            },
          },
        };
    }
  },
});
