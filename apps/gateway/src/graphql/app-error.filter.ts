import { AppError } from '@app/contracts';
import { Catch, type ExceptionFilter } from '@nestjs/common';

/** Passes on what callers are meant to see; Nest would log each as a fault of ours on its way. */
@Catch(AppError)
export class AppErrorFilter implements ExceptionFilter<AppError> {
  catch(error: AppError): never {
    throw error;
  }
}
